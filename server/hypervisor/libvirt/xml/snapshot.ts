import { z } from 'zod'
import type { SnapshotFacts, SnapshotMark, VmPowerState } from '../../facts.ts'
import { attributeAt, find, findAll, parseXml, textAt, type XmlElement } from './tree.ts'
import { readDisk } from './vm.ts'
import { xml } from './write.ts'

export interface NewSnapshot {
  name: string
  description: string
  /** Disks whose later writes go to new files; the other disks hold the snapshot inside themselves. */
  external: boolean
  /** Disks that hold nothing of it: media that are only read. */
  leftOut: readonly string[]
  mark: SnapshotMark
}

/** Begins the last line of a description that carries what Skerry notes down. */
const markPrefix = 'skerry '
const Mark = z.object({
  operationId: z.string().optional(),
  scheduleId: z.string().optional(),
  quiesced: z.boolean().optional(),
})

export function buildSnapshotXml({ name, description, external, leftOut, mark }: NewSnapshot): string {
  const noted = [description.trim(), `${markPrefix}${JSON.stringify(mark)}`].filter(Boolean).join('\n')
  return xml(
    'domainsnapshot',
    {},
    xml('name', {}, name),
    xml('description', {}, noted),
    external && xml('memory', { snapshot: 'no' }),
    leftOut.length > 0 && xml('disks', {}, ...leftOut.map((target) => xml('disk', { name: target, snapshot: 'no' }))),
  ).text
}

/** A person may have written anything there. */
function readDescription(text: string): { description: string; mark: SnapshotMark } {
  const lines = text.split('\n')
  const last = lines.at(-1) ?? ''
  if (!last.startsWith(markPrefix)) return { description: text, mark: {} }
  try {
    const mark = Mark.parse(JSON.parse(last.slice(markPrefix.length)))
    return { description: lines.slice(0, -1).join('\n').trim(), mark }
  } catch {
    return { description: text, mark: {} }
  }
}

/** States as libvirt writes them; one of disks alone leads to a VM that is off. */
const states: Record<string, VmPowerState> = {
  running: 'running',
  blocked: 'running',
  paused: 'paused',
  'shutting down': 'shutting_down',
  shutoff: 'off',
  crashed: 'crashed',
  pmsuspended: 'sleeping',
  'disk-snapshot': 'off',
}

const nameOf = ({ attributes }: XmlElement) => attributes.name ?? ''

/** @throws XmlError where it is not well-formed */
export function readSnapshotXml(text: string): Omit<SnapshotFacts, 'current'> {
  const root = parseXml(text)
  const disks = findAll(find(root, 'disks'), 'disk')
  const external = new Set(disks.filter(({ attributes }) => attributes.snapshot === 'external').map(nameOf))
  const held = disks.filter(({ attributes }) => attributes.snapshot !== 'no')
  const memory = attributeAt(root, 'memory', 'snapshot')
  const state = textAt(root, 'state') ?? 'shutoff'
  return {
    name: textAt(root, 'name') ?? '',
    parent: textAt(root, 'parent/name'),
    ...readDescription(textAt(root, 'description') ?? ''),
    takenAt: new Date(Number(textAt(root, 'creationTime') ?? 0) * 1000).toISOString(),
    state: states[state] ?? 'off',
    withMemory: memory === 'internal' || memory === 'external',
    storage: memory === 'external' || external.size > 0 ? 'external' : 'internal',
    targets: held.map(nameOf),
    madeFiles: disks.flatMap((disk) => {
      const path = external.has(nameOf(disk)) ? attributeAt(disk, 'source', 'file') : null
      return path ? [{ target: nameOf(disk), path }] : []
    }),
    memoryFile: memory === 'external' ? attributeAt(root, 'memory', 'file') : null,
    baseDisks: findAll(find(root, 'domain/devices'), 'disk')
      .map(readDisk)
      .filter(({ target }) => external.has(target)),
  }
}
