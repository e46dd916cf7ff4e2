import { randomUUID } from 'node:crypto'
import type { Operation, RecoveryPoint } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import {
  type BootCheck,
  type BootOutcome,
  type BootTestInput,
  BootTestPlan,
  bootTestsPerHost,
  bootTestsPerTenant,
} from '#server/schema/boot-test.ts'
import { isLive, liveStates } from '#server/schema/operation.ts'
import { findEarlier } from './idempotency.ts'
import { type Asker, enqueue, type NewOperation } from './operation.ts'
import { demandValid } from './restore-disk.ts'
import { disksOf, shapeOf } from './restore-new-vm.ts'
import { placesFor, type RestorePlace } from './restore-place.ts'
import { demandRestorable } from './store-damage.ts'
import { unsafeWholeFleet } from './whole-fleet.ts'

type Point = Pick<
  RecoveryPoint,
  'id' | 'tenantId' | 'vmId' | 'vmUuid' | 'vmName' | 'takenAt' | 'datastoreId' | 'disks' | 'shape' | 'invalidAt'
>

const kind = 'boot-test-vm'
/** What a throw-away VM is named by, so that whoever looks at its host knows what it is. */
export const machineNamePrefix = 'skerry-boot-test-'

export interface TestPlace {
  /** The best host; null when none can take it */
  place: RestorePlace | null
  /** It could, but tests run there already */
  isBusy: boolean
  reasons: string[]
}

/** A host with room: at the VM's own site where there is one, for links are slow; of several one without a test. */
export async function testPlace(tx: Tx, point: Point): Promise<TestPlace> {
  const { tenantId, vmId } = point
  const vm = vmId ? await tx.vm.findUnique({ where: { id: vmId }, select: { siteId: true } }) : null
  const shape = { ...shapeOf(point), cards: [] }
  const places = await placesFor(tx, { tenantId, shape, disks: disksOf(point, undefined), start: true, isClone: false })
  const busy = await testsByHost(tx)
  const isBusy = ({ hostId }: RestorePlace) => (busy.get(hostId) ?? 0) >= bootTestsPerHost
  const isElsewhere = ({ siteId }: RestorePlace) => vm !== null && siteId !== vm.siteId
  const [best] = places
    .filter(({ eligible }) => eligible)
    .toSorted((a, b) => Number(isElsewhere(a)) - Number(isElsewhere(b)) || Number(isBusy(a)) - Number(isBusy(b)))
  const reasons = best ? [] : [...new Set(places.flatMap((place) => place.reasons))]
  return { place: best ?? null, isBusy: best !== undefined && isBusy(best), reasons }
}

async function testsByHost(tx: Tx): Promise<Map<string, number>> {
  const live = await unsafeWholeFleet(tx, () =>
    tx.operation.findMany({ where: { kind, state: { in: [...liveStates] } }, select: { hostId: true } }),
  )
  const byHost = new Map<string, number>()
  for (const { hostId } of live) if (hostId) byHost.set(hostId, (byHost.get(hostId) ?? 0) + 1)
  return byHost
}

/**
 * The test of a recovery point. It reserves room at its host and nothing of the tenant's quota, for the VM is thrown
 * away; it holds no lock on the VM, of which nothing is asked.
 * @throws conflict when it can't be restored, is being tested, or no host has room
 */
export async function bootTestOf(tx: Tx, point: Point, check: BootCheck): Promise<NewOperation> {
  demandValid(point)
  // Held until the operation is written down, after which nobody removes it.
  await tx.$queryRaw`SELECT FROM recovery_point WHERE id = ${point.id}::uuid FOR KEY SHARE`
  await demandRestorable(tx, point.id)
  const target = { kind: 'vm' as const, id: point.vmId ?? point.vmUuid, name: point.vmName }
  const isSame = { path: ['recoveryPointId'], equals: point.id }
  const same = { kind, targetId: target.id, state: { in: [...liveStates] }, input: isSame }
  if ((await tx.operation.count({ where: same })) > 0) {
    throw conflict('This recovery point is being tested already.', 'Wait until that has ended.')
  }
  const { place, reasons } = await testPlace(tx, point)
  if (!place?.pool) {
    throw conflict(
      `No host can take ${point.vmName} for a test. ${reasons.join(' ') || 'There is no host.'}`,
      'Free some room, or try again later.',
    )
  }
  const { vcpuCount, memoryBytes } = shapeOf(point)
  const uuid = randomUUID()
  const { proof, serialText, limitSeconds } = check
  const plan: BootTestPlan = {
    ...{ recoveryPointId: point.id, proof, serialText, limitSeconds, uuid, datastoreId: point.datastoreId },
    ...{ name: `${machineNamePrefix}${uuid.slice(0, 8)}`, hostId: place.hostId, pool: place.pool },
    disks: disksOf(point, undefined).map(({ target }) => target),
  }
  return {
    ...{ kind, target, tenantId: point.tenantId, hostId: place.hostId, input: plan, exclusive: false },
    reserved: { vcpus: vcpuCount, memoryBytes },
  }
}

/** Asks for a test as a person, who may have a few of a tenant going at once. */
export async function requestBootTest(
  asker: Asker,
  point: Point,
  input: BootTestInput,
  idempotencyKey: string | null,
): Promise<Operation> {
  const { tx } = asker
  const earlier = await findEarlier(asker, { kind, input, isPlanned: true, key: idempotencyKey })
  if (earlier) return earlier
  const { tenantId } = point
  const asked = await tx.operation.count({
    where: { kind, tenantId, actorKind: { not: 'system' }, state: { in: [...liveStates] } },
  })
  if (asked >= bootTestsPerTenant) {
    throw conflict(`${asked} boot tests wait or run already.`, 'Wait until one of them has ended.')
  }
  const operation = await enqueue(asker, { ...(await bootTestOf(tx, point, input)), idempotencyKey })
  await writeAsked(tx, point, operation)
  return operation
}

/** The row of a test that was asked for, in the transaction of its operation, whose id it has. */
export async function writeAsked(tx: Tx, point: Point, operation: Operation): Promise<void> {
  const { uuid } = BootTestPlan.parse(operation.input)
  await tx.bootTest.create({
    data: { ...about(point), id: operation.id, askedBy: operation.actorName, machineUuid: uuid },
  })
}

/** A test that could not even be begun: nobody knows whether it boots, and that is told. */
export async function writeRefused(tx: Tx, point: Point, reason: string, askedBy: string, now: Date): Promise<void> {
  await tx.bootTest.create({
    data: {
      ...about(point),
      id: randomUUID(),
      askedBy,
      askedAt: now,
      endedAt: now,
      outcome: 'failed',
      reason,
      machineGone: true,
    },
  })
  await pruneBootTests(tx, point.vmUuid)
}

const about = ({ id, tenantId, vmId, vmUuid, vmName, takenAt }: Point) => ({
  ...{ recoveryPointId: id, tenantId, vmId, vmUuid, vmName, takenAt },
})

const keptTests = 10

/** The last ones of a VM stay, with their pictures. */
export async function pruneBootTests(tx: Tx, vmUuid: string): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM boot_test WHERE vm_uuid = ${vmUuid}::uuid AND outcome <> 'running' AND machine_gone AND id NOT IN (
      SELECT id FROM boot_test WHERE vm_uuid = ${vmUuid}::uuid ORDER BY asked_at DESC LIMIT ${keptTests})`
}

/** A VM's tests, newest first, without what was seen. */
export async function listBootTests(tx: Tx, of: { vmId: string } | { vmUuid: string }) {
  const rows = await tx.bootTest.findMany({
    where: of,
    orderBy: { askedAt: 'desc' },
    take: keptTests,
    omit: { screenshot: true, serialTail: true, machineUuid: true, machineGone: true },
  })
  const running = rows.filter(({ outcome }) => outcome === 'running').map(({ id }) => id)
  const operations = await tx.operation.findMany({ where: { id: { in: running } }, select: { id: true, state: true } })
  return rows.map((row) => {
    const state = operations.find(({ id }) => id === row.id)?.state
    // Its operation was given up without a word, as by an upgrade.
    const isLost = row.outcome === 'running' && (state === undefined || !isLive(state))
    return {
      ...row,
      outcome: isLost ? ('failed' as const) : (row.outcome as BootOutcome),
      reason: isLost ? 'The test broke off.' : row.reason,
    }
  })
}
