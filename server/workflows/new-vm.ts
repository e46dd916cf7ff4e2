import { isTagged } from '#server/core/volume-name.ts'
import { SkerryError } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { StepContext } from './define.ts'
import { until } from './pause.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'operation' | 'signal'>

/** A volume that an operation makes: its name carries the operation's mark. */
export interface MadeVolume {
  pool: string
  name: string
  path: string
}

/** Where a volume of a pool will be: libvirt's pools keep their volumes right below their path. */
export async function volumeAt(context: Context, hostId: string, pool: string, name: string): Promise<MadeVolume> {
  const row = await context.db.storagePool.findUniqueOrThrow({ where: { hostId_name: { hostId, name: pool } } })
  return { pool, name, path: `${row.path ?? ''}/${name}` }
}

/** Removes a volume if this operation made it; waits for the host to let go of one that it still writes. */
export async function removeMade(context: Context, host: HypervisorHost, volume: MadeVolume): Promise<boolean> {
  if (!isTagged(volume.name, context.operation.id)) throw new Error(`${volume.name} was not made by this operation`)
  if (!(await host.findVolume(volume.path))) return false
  const gone = await until(
    () =>
      host.deleteVolume(volume.pool, volume.name).then(
        () => true,
        (error: unknown) => {
          if (error instanceof SkerryError && error.code === 'conflict') return false
          throw error
        },
      ),
    { timeoutMs: 60_000, everyMs: 500 },
  )
  if (!gone) throw new SkerryError('conflict', `${volume.name} is still being written on the host.`)
  return true
}

export async function removeAllMade(
  context: Context,
  host: HypervisorHost,
  volumes: readonly MadeVolume[],
): Promise<string | undefined> {
  let removed = 0
  for (const volume of volumes) if (await removeMade(context, host, volume)) removed++
  return removed === 0 ? undefined : `removed ${removed === 1 ? 'its disk' : `its ${removed} disks`}`
}

/** A VM that is being made. */
export interface NewVm {
  /** Of its row */
  id: string
  uuid: string
  name: string
  hostId: string
}
type UndoContext = Pick<StepContext<unknown, object>, 'db' | 'host'>

/** Undoes a definition. @throws conflict while the VM runs: without its definition nobody could find it any more */
export async function removeDefinition(
  context: UndoContext,
  { uuid, name, hostId }: NewVm,
): Promise<string | undefined> {
  const host = await context.host(hostId)
  const there = await host.readVm(uuid)
  if (!there) return undefined
  if (there.state !== 'off') throw new SkerryError('conflict', `${name} is ${there.state}, so its definition stays.`)
  await host.undefine(uuid)
  return 'removed its definition'
}

export async function startNewVm(context: UndoContext, { uuid, hostId }: NewVm): Promise<void> {
  const host = await context.host(hostId)
  const isOff = (await host.readVm(uuid))?.state === 'off'
  if (isOff) await host.power(uuid, { action: 'start' }, { timeoutMs: 120_000 })
}

export async function stopNewVm(context: UndoContext, { uuid, hostId }: NewVm): Promise<string | undefined> {
  const host = await context.host(hostId)
  const now = await host.readVm(uuid)
  if (!now || now.state === 'off') return undefined
  await host.power(uuid, { action: 'force-off' })
  return 'switched it off'
}

/** Removes the row that held the VM's place. */
export async function removeReservedRow({ db }: Pick<UndoContext, 'db'>, { id }: NewVm): Promise<undefined> {
  await db.vm.deleteMany({ where: { id } })
  return undefined
}

/** The row stays as one of which nothing is known, and the inventory finds out when it hears of the host again. */
export async function leaveReservedRow({ db }: Pick<UndoContext, 'db'>, { id }: NewVm): Promise<void> {
  const stateReason = 'Its creation broke off, and what was made of it could not be removed.'
  await db.vm.updateMany({ where: { id, state: 'creating' }, data: { state: 'unknown', stateReason } })
}

/** @throws conflict when the VM has turned out to be there: it is one like any other now */
export async function requireStillLeft({ db }: Pick<UndoContext, 'db'>, { id, name }: NewVm): Promise<void> {
  const row = await db.vm.findUnique({ where: { id }, select: { state: true } })
  if (!row || row.state === 'unknown' || row.state === 'creating') return
  throw new SkerryError('conflict', `${name} is there after all (${row.state}).`, { wayOut: 'Delete it, or keep it.' })
}

/** From now on the VM is what its host says it is. */
export async function recordNewVm(context: Context, host: HypervisorHost, vm: NewVm): Promise<void> {
  const facts = await host.readVm(vm.uuid)
  if (!facts) throw new SkerryError('conflict', 'The VM is not on its host.', { wayOut: 'Look at the host.' })
  await context.db.$transaction(async (tx) => {
    await tx.vm.updateMany({
      where: { id: vm.id, state: 'creating' },
      data: { state: facts.state, stateReason: facts.stateReason || null, stateSince: new Date(), xml: facts.xml },
    })
    await tx.vmEvent.createMany({
      skipDuplicates: true,
      data: [{ id: context.operation.id, vmId: vm.id, kind: 'defined', detail: 'made by Skerry' }],
    })
  })
}
