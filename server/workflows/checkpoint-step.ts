/**
 * Checkpoints are what the host knows of the marks in a VM's disks, which tell the next backup what has changed. They can
 * be made and deleted only while QEMU has the disks open.
 */
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { CheckpointFacts } from '#server/hypervisor/facts.ts'
import { type NewPaths, withSnapshotSources } from '#server/hypervisor/libvirt/xml/relocate.ts'

const prefix = 'skerry-'

export const checkpointOf = (recoveryPointId: string): string => `${prefix}${recoveryPointId}`
export const isOwnCheckpoint = (name: string): boolean => name.startsWith(prefix)

/** The guest of a VM that is off does not run for it. @returns whether it was */
export async function startPaused(host: HypervisorHost, uuid: string): Promise<boolean> {
  const isOff = (await host.readVm(uuid))?.state === 'off'
  if (isOff) await host.power(uuid, { action: 'start', paused: true })
  return isOff
}

/** For one that was off before: nothing ran. */
export async function stopPaused(host: HypervisorHost, uuid: string): Promise<void> {
  const now = await host.readVm(uuid)
  if (now?.state === 'paused') await host.power(uuid, { action: 'force-off' })
}

/** @throws conflict when another tool keeps marks, which are not ours to delete. @returns the checkpoints' names */
export async function ownMarks(host: HypervisorHost, vm: { uuid: string; name: string }): Promise<string[]> {
  const names = (await host.listCheckpoints(vm.uuid)).map(({ name }) => name)
  const foreign = names.filter((name) => !isOwnCheckpoint(name))
  if (foreign.length === 0) return names
  throw conflict(
    `${vm.name} has marks that Skerry did not make (${foreign.join(', ')}). They would be wrong afterwards.`,
    'Delete them with the tool that made them, or on the host with virsh checkpoint-delete, then try again.',
  )
}

/**
 * Deletes all marks, before the disks become something else without QEMU's knowledge: the next backup reads everything.
 * A VM that was off is then paused.
 */
export async function forgetMarks(host: HypervisorHost, uuid: string): Promise<void> {
  const checkpoints = await host.listCheckpoints(uuid)
  if (checkpoints.length === 0) return
  await startPaused(host, uuid)
  for (const { name } of checkpoints.toReversed()) await host.deleteCheckpoint(uuid, name)
}

/**
 * Tells a host, or another one after a move, of marks that are in the disks. `paths` are those that differ there. Known
 * ones are left.
 */
export async function takeUpMarks(
  host: HypervisorHost,
  uuid: string,
  marks: readonly CheckpointFacts[],
  paths: NewPaths = {},
): Promise<void> {
  if (marks.length === 0) return
  await host.importCheckpoints(
    uuid,
    marks.map((each) => ({ ...each, xml: withSnapshotSources(each.xml, paths) })),
  )
}
