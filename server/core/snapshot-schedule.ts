import { Prisma, type SnapshotSchedule, type Vm } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { ScheduleTime } from '#server/schema/schedule.ts'
import type { ScheduleInput } from '#server/schema/snapshot.ts'
import { liveStatesSql } from './live-state.ts'
import { nextDue } from './schedule.ts'
import { askByItself, type Fault } from './scheduled-request.ts'
import { snapshotOf } from './vm-request.ts'

const mostSchedules = 20

export async function createSchedule(tx: Tx, vm: Vm, input: ScheduleInput, createdBy: string): Promise<{ id: string }> {
  const count = await tx.snapshotSchedule.count({ where: { vmId: vm.id } })
  if (count >= mostSchedules) {
    throw conflict(`${vm.name} has ${count} schedules already.`, 'Delete one that is not needed any more.')
  }
  const nextAt = nextDue(input, new Date())
  return tx.snapshotSchedule.create({ data: { ...input, vmId: vm.id, nextAt, createdBy }, select: { id: true } })
}

export async function editSchedule(tx: Tx, id: string, input: ScheduleInput): Promise<void> {
  const nextAt = nextDue(input, new Date())
  await tx.snapshotSchedule.update({ where: { id }, data: { ...input, nextAt, lastRefusal: null } })
}

const intervalWord = { hour: 'hourly', day: 'daily', week: 'weekly', month: 'monthly' } as const

/** "daily-2026-11-25-0330", by the clock of the schedule's time zone. */
export function scheduledName({ every, timeZone }: ScheduleTime, at: Date): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit' },
  })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${intervalWord[every]}-${part.year}-${part.month}-${part.day}-${part.hour}${part.minute}`
}

/**
 * Asks for the snapshot of one schedule that is due, in the caller's transaction, and says when it is due again: what
 * was missed while nobody was there to ask is made up for once. While something else goes on with its VM it waits: two
 * that are due at once both get theirs. A VM that can't have one now keeps the reason.
 * @returns whether there was one
 */
export async function askForDue(tx: Tx, now: Date, fault: Fault): Promise<boolean> {
  // Each worker takes another one.
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM snapshot_schedule WHERE enabled AND next_at <= ${now} AND NOT ${isAtWork(Prisma.sql`vm_id::text`)}
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`
  if (!due) return false
  const schedule = await tx.snapshotSchedule.findUniqueOrThrow({ where: { id: due.id }, include: { vm: true } })
  const time = ScheduleTime.parse(schedule)
  await tx.$executeRaw`SAVEPOINT due`
  const asked = await ask({ tx, fault }, schedule, time, now)
  if (asked.lastRefusal !== null && (await isBusy(tx, schedule.vmId))) {
    // What began with the VM meanwhile could not be seen before: it waits like all others, and nothing was refused.
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT due`
    return true
  }
  await tx.snapshotSchedule.update({
    where: { id: schedule.id },
    data: { nextAt: nextDue(time, now), ...asked },
  })
  return true
}

const isAtWork = (vmId: Prisma.Sql) => Prisma.sql`EXISTS (SELECT FROM operation
  WHERE target_kind = 'vm' AND target_id = ${vmId} AND exclusive AND state IN (${liveStatesSql}))`

async function isBusy(tx: Tx, vmId: string): Promise<boolean> {
  const [answer] = await tx.$queryRaw<{ busy: boolean }[]>`SELECT ${isAtWork(Prisma.sql`${vmId}`)} AS busy`
  return answer?.busy ?? false
}

async function ask(
  asking: { tx: Tx; fault: Fault },
  schedule: SnapshotSchedule & { vm: Vm },
  time: ScheduleTime,
  now: Date,
) {
  const { vm } = schedule
  const input = {
    ...{ name: await freeName(asking.tx, vm.id, scheduledName(time, now)), description: '' },
    ...{ withMemory: schedule.withMemory, schedule: { id: schedule.id, keepCount: schedule.keepCount } },
  }
  const asker = {
    ...{ id: `snapshot-schedule ${schedule.id}`, name: 'Snapshot schedule', action: 'vm.snapshot' },
    detail: { snapshot: input.name, withMemory: input.withMemory },
  }
  const answer = await askByItself(asking, asker, vm, () => snapshotOf(asking.tx, vm, input))
  return 'refusal' in answer
    ? { lastRefusal: answer.refusal }
    : { lastOperationId: answer.operationId, lastRefusal: null }
}

/** Two schedules of one VM may come to be asked for in the same minute. */
async function freeName(tx: Tx, vmId: string, name: string): Promise<string> {
  const alike = await tx.snapshot.findMany({ where: { vmId, name: { startsWith: name } }, select: { name: true } })
  const taken = new Set(alike.map((snapshot) => snapshot.name))
  const further = alike.map((_, index) => `${name}-${index + 2}`)
  return [name, ...further].find((each) => !taken.has(each)) ?? name
}
