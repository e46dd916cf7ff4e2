import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import type { SnapshotDefinition, SnapshotFacts } from '../facts.ts'
import { refusedWith } from './errors.ts'
import { frozen } from './freeze.ts'
import { listed } from './listing.ts'
import type { Session } from './session.ts'
import { buildSnapshotXml, readSnapshotXml } from './xml/snapshot.ts'
import { readVmXml } from './xml/vm.ts'

type SnapshotVerbs = Pick<
  HypervisorHost,
  | 'listSnapshots'
  | 'takeSnapshot'
  | 'revertToSnapshot'
  | 'deleteSnapshot'
  | 'exportSnapshots'
  | 'forgetSnapshots'
  | 'importSnapshots'
>

const createFlag = { redefine: 1, current: 2, diskOnly: 16, atomic: 128 } as const
const deleteFlag = { metadataOnly: 2 } as const
const xmlFlag = { secure: 1 } as const
/** A large memory is written, or read, as fast as the disk goes. */
const snapshotMs = 2 * 3_600_000

/** Absent VMs and snapshots count as none. */
async function orNone<T>(work: Promise<T>, none: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (refusedWith(error, errorCode.noDomain, errorCode.noSnapshot)) return none
    throw error
  }
}

export async function listSnapshotNames(session: Session, uuid: string, options: CallOptions) {
  const args = { domain: { uuid } }
  const list = () => session.read('list snapshots', 'domainListAllSnapshots', args, options)
  return (await orNone(listed(list), { snapshots: [], count: 0 })).snapshots.map(({ name }) => ({ name }))
}

async function definitions(session: Session, uuid: string, options: CallOptions): Promise<SnapshotDefinition[]> {
  const domain = { uuid }
  const names = await listSnapshotNames(session, uuid, options)
  if (names.length === 0) return []
  const current = await orNone<{ snapshot: { name: string } } | null>(
    session.read('find the current snapshot', 'domainSnapshotCurrent', { domain }, options),
    null,
  )
  const found = await Promise.all(
    names.map(async ({ name }) => {
      const args = { snapshot: { name, domain }, flags: xmlFlag.secure }
      const read = session.read('read a snapshot', 'domainSnapshotGetXmlDesc', args, options)
      const answer = await orNone<{ xml: string } | null>(read, null)
      return answer && { name, xml: answer.xml, current: current?.snapshot.name === name }
    }),
  )
  return parentsFirst(found.filter((each) => each !== null))
}

function parentsFirst(found: readonly SnapshotDefinition[]): SnapshotDefinition[] {
  const sorted: SnapshotDefinition[] = []
  const waiting = new Map(found.map((each) => [each.name, { ...each, parent: readSnapshotXml(each.xml).parent }]))
  while (waiting.size > 0) {
    const next = [...waiting.values()].filter(({ parent }) => parent === null || !waiting.has(parent))
    // A circle can't be; were there one, it shall not hold us here.
    for (const { parent: _, ...each } of next.length > 0 ? next : [...waiting.values()]) {
      sorted.push(each)
      waiting.delete(each.name)
    }
  }
  return sorted
}

export async function readSnapshots(session: Session, uuid: string, options: CallOptions): Promise<SnapshotFacts[]> {
  const found = await definitions(session, uuid, options)
  return found.map(({ xml, current }) => ({ ...readSnapshotXml(xml), current }))
}

/** Everything about snapshots. */
export function snapshotVerbs(session: Session): SnapshotVerbs {
  return {
    listSnapshots: (vm, options = {}) => readSnapshots(session, vm, options),

    async takeSnapshot(vm, { name, description, storage, quiesce, mark }, options = {}) {
      const domain = { uuid: vm }
      const step = `take the snapshot ${name}`
      const external = storage === 'external'
      const { disks } = readVmXml((await session.read(step, 'domainGetXmlDesc', { domain }, options)).xml)
      const leftOut = disks.filter((disk) => disk.device !== 'disk' || disk.readOnly).map((disk) => disk.target)
      const flags = external ? createFlag.diskOnly | createFlag.atomic : 0
      const limits = { timeoutMs: snapshotMs, ...options }
      const take = (quiesced: boolean) => {
        const xml = buildSnapshotXml({ name, description, external, leftOut, mark: { ...mark, quiesced } })
        return session.long(step, 'domainSnapshotCreateXml', { domain, xml, flags }, limits)
      }
      // Not by libvirt's own flag: with it there is none where the agent can't freeze.
      if (external && quiesce) await frozen(session, vm, (freeze) => take(freeze.fileSystems > 0), options)
      else await take(false)
    },

    async revertToSnapshot(vm, name, options = {}) {
      const args = { snapshot: { name, domain: { uuid: vm } }, flags: 0 }
      const limits = { timeoutMs: snapshotMs, ...options }
      await session.long(`revert to the snapshot ${name}`, 'domainRevertToSnapshot', args, limits)
    },

    async deleteSnapshot(vm, name, options = {}) {
      const args = { snapshot: { name, domain: { uuid: vm } }, flags: 0 }
      const limits = { timeoutMs: snapshotMs, ...options }
      await orNone(session.long(`delete the snapshot ${name}`, 'domainSnapshotDelete', args, limits), {})
    },

    exportSnapshots: (vm, options = {}) => definitions(session, vm, options),

    async forgetSnapshots(vm, options = {}) {
      const domain = { uuid: vm }
      // Children first: what has children is not forgotten alone.
      for (const { name } of (await definitions(session, vm, options)).toReversed()) {
        const args = { snapshot: { name, domain }, flags: deleteFlag.metadataOnly }
        await orNone(session.change(`forget the snapshot ${name}`, 'domainSnapshotDelete', args, options), {})
      }
    },

    async importSnapshots(vm, snapshots, options = {}) {
      const domain = { uuid: vm }
      const known = new Map((await definitions(session, vm, options)).map((each) => [each.name, each.current]))
      for (const { name, xml, current } of snapshots) {
        // Told again, though nothing of it changes, it is refused where there are checkpoints.
        if (known.has(name) && (!current || known.get(name))) continue
        const flags = createFlag.redefine | (current ? createFlag.current : 0)
        await session.change(`take up the snapshot ${name}`, 'domainSnapshotCreateXml', { domain, xml, flags }, options)
      }
    },
  }
}
