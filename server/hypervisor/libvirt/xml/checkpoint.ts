import type { CheckpointFacts } from '../../facts.ts'
import { find, findAll, parseXml, textAt } from './tree.ts'
import { xml } from './write.ts'

export interface NewCheckpoint {
  name: string
  /** Every disk of the VM by target, and whether it gets marks */
  disks: readonly { target: string; marked: boolean }[]
}

export function buildCheckpointXml({ name, disks }: NewCheckpoint): string {
  const entries = disks.map(({ target, marked }) => xml('disk', { name: target, checkpoint: marked ? 'bitmap' : 'no' }))
  return xml('domaincheckpoint', {}, xml('name', {}, name), xml('disks', {}, entries)).text
}

/** @throws XmlError where it is not well-formed */
export function readCheckpointXml(text: string): CheckpointFacts {
  const root = parseXml(text)
  const marked = findAll(find(root, 'disks'), 'disk').filter((disk) => disk.attributes.checkpoint === 'bitmap')
  return {
    name: textAt(root, 'name') ?? '',
    parent: textAt(root, 'parent/name'),
    takenAt: new Date(Number(textAt(root, 'creationTime') ?? 0) * 1000).toISOString(),
    disks: marked.map((disk) => disk.attributes.name ?? ''),
    xml: text,
  }
}

/** Bytes marked as changed since, by disk target; null where the host did not say. */
export function readMarkedSizes(text: string): Map<string, number> | null {
  const disks = findAll(find(parseXml(text), 'disks'), 'disk').filter(({ attributes }) => attributes.size !== undefined)
  if (disks.length === 0) return null
  return new Map(disks.map(({ attributes }) => [attributes.name ?? '', Number(attributes.size)]))
}
