import { hash } from 'node:crypto'
import type { VmFacts } from './facts.ts'

/** A short text that differs as soon as something differs that the hypervisor tells by no event. */
export function fingerprintOf({
  xml,
  nextXml,
  autostart,
  snapshots,
}: Pick<VmFacts, 'xml' | 'nextXml' | 'autostart'> & { snapshots: readonly { name: string }[] }) {
  const names = snapshots.map(({ name }) => name).toSorted()
  return `${hash('sha1', `${xml}\0${nextXml ?? ''}`, 'base64')} ${autostart} ${names.join('/')}`
}
