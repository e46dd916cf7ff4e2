import type { ProtectionPolicy, RecoveryPoint, Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { bootTestOf, type TestPlace, testPlace, writeAsked, writeRefused } from './boot-test.ts'
import { bootTestOfPolicy, nextBootTest, syncProtections } from './protection-policy.ts'
import type { PolicyTurn } from './protection-round.ts'
import { askByItself, type Fault } from './scheduled-request.ts'

const minuteMs = 60_000
/** Where tests run on every host that could take one, others wait so long before they are looked at again. */
const busyMs = minuteMs
/** What can't be begun is tried again after so many minutes; then the VM is one that could not be tested. */
const retryAfterMinutes = [10, 30, 120]

/** In the order in which one leads to the next. */
export const bootTestTurns: readonly PolicyTurn[] = [markBootTestsDue, askForBootTest]

/** All VMs of a policy whose time for tests has come wait for one; what was missed meanwhile is made up for once. */
async function markBootTestsDue(tx: Tx, now: Date): Promise<boolean> {
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM protection_policy WHERE enabled AND boot_test_next_at <= ${now}
    ORDER BY boot_test_next_at LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!due) return false
  const policy = await tx.protectionPolicy.findUniqueOrThrow({ where: { id: due.id } })
  await syncProtections(tx)
  await tx.protection.updateMany({
    where: { policyId: policy.id },
    data: { bootTestDueAt: now, bootTestAttempt: 0 },
  })
  const bootTestNextAt = nextBootTest({ bootTest: bootTestOfPolicy(policy), timeZone: policy.timeZone }, now)
  await tx.protectionPolicy.update({ where: { id: policy.id }, data: { bootTestNextAt } })
  return true
}

/** Asks for the test of one VM that waits, as soon as a host has a place free. */
async function askForBootTest(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  const [due] = await tx.$queryRaw<{ policyId: string; vmId: string }[]>`
    SELECT policy_id::text AS "policyId", vm_id::text AS "vmId" FROM protection
    JOIN protection_policy AS policy ON policy.id = policy_id AND policy.enabled
    WHERE boot_test_due_at <= ${now}
    ORDER BY boot_test_due_at, vm_id LIMIT 1 FOR UPDATE OF protection SKIP LOCKED`
  if (!due) return false
  const where = { policyId_vmId: due }
  const protection = await tx.protection.findUniqueOrThrow({ where, include: { policy: true, vm: true } })
  const { policy, vm, bootTestAttempt } = protection
  const settle = (bootTestDueAt: Date | null, attempt = 0) =>
    tx.protection.update({ where, data: { bootTestDueAt, bootTestAttempt: attempt } })
  const point = await newestPoint(tx, policy, vm)
  // It was switched off meanwhile, or there is nothing to test: that it has no backup is told elsewhere.
  if (!point || !policy.bootTest) {
    await settle(null)
    return true
  }
  if (await isBusy(tx, point)) {
    const later = new Date(now.getTime() + busyMs)
    // The others of the policy would find the same.
    await tx.protection.updateMany({
      where: { policyId: policy.id, bootTestDueAt: { lte: now } },
      data: { bootTestDueAt: later },
    })
    return true
  }
  const refusal = await ask({ tx, fault }, policy, vm, point)
  const minutes = refusal === null ? undefined : retryAfterMinutes[bootTestAttempt]
  if (minutes !== undefined) await settle(new Date(now.getTime() + minutes * minuteMs), bootTestAttempt + 1)
  else {
    await settle(null)
    if (refusal !== null) await writeRefused(tx, point, refusal, nameOf(policy), now)
  }
  return true
}

/** What a policy made, and what is to be restored from its datastore. */
const newestPoint = (tx: Tx, { datastoreId }: ProtectionPolicy, { id, tenantId }: Vm) =>
  tx.recoveryPoint.findFirst({
    where: { vmId: id, tenantId, datastoreId, invalidAt: null },
    orderBy: { takenAt: 'desc' },
  })

const nameOf = ({ name }: ProtectionPolicy) => `Protection policy ${name}`

/** Only whether to wait: what else keeps it from being tested comes to light when it is asked for. */
async function isBusy(tx: Tx, point: RecoveryPoint): Promise<boolean> {
  try {
    const found: TestPlace = await testPlace(tx, point)
    return found.isBusy
  } catch (error) {
    if (error instanceof SkerryError) return false
    throw error
  }
}

/** @returns why not */
async function ask(
  { tx, fault }: { tx: Tx; fault: Fault },
  policy: ProtectionPolicy,
  vm: Vm,
  point: RecoveryPoint,
): Promise<string | null> {
  const asker = {
    ...{ id: `protection-policy ${policy.id}`, name: nameOf(policy), action: 'vm.boot-test' },
    detail: { policy: policy.name, bootTest: true, recoveryPointId: point.id },
  }
  const answer = await askByItself({ tx, fault }, asker, vm, () => {
    const check = bootTestOfPolicy(policy)
    if (!check) throw new Error('a policy without tests asks for one')
    return bootTestOf(tx, point, check)
  })
  if ('refusal' in answer) return answer.refusal
  const operation = await tx.operation.findUniqueOrThrow({ where: { id: answer.operationId } })
  await writeAsked(tx, point, operation)
  return null
}
