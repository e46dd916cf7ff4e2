import { expect, test } from 'vitest'
import { type Choice, type ChosenFrom, type KnownThere, planArchival } from './archival-plan.ts'
import { previewArchival } from './archival-preview.ts'
import { demandWithinLimits } from './archive-limit.ts'

const now = new Date('2026-06-30T12:00:00Z')
const dayMs = 86_400_000
const rules: Choice = {
  ...{ which: 'every', begins: 'age', minAgeDays: 10, timeZone: 'UTC', localCopy: 'delete' },
  ...{ aboveBytes: null, downToBytes: null },
}

/** One a day at noon, the last one today; the first is full. */
const chain = (days: number, vmUuid = 'vm'): ChosenFrom[] =>
  Array.from({ length: days }, (_, at) => ({
    ...{ id: `${vmUuid}-${days - 1 - at}`, vmId: null, vmUuid, vmName: vmUuid, datastoreId: 'near', isInvalid: false },
    ...{ takenAt: new Date(now.getTime() - (days - 1 - at) * dayMs), reading: at === 0 ? 'full' : 'incremental' },
    ...{ sizeBytes: 1000, storedBytes: at === 0 ? 100 : 10 },
  }))
const ids = (points: readonly { id: string }[]) => points.map(({ id }) => id)
const there = (points: readonly ChosenFrom[]): KnownThere[] => [...points]

const plan = (
  policy: Choice,
  points: readonly ChosenFrom[],
  archived: readonly KnownThere[],
  measuredBytes: number | null = null,
) => planArchival(policy, { points, archived, measuredBytes }, now)

test('by age: what is old enough, oldest first; with its bytes', () => {
  const { send, release } = plan(rules, chain(13), [])
  expect(send).toEqual([
    { id: 'vm-12', datastoreId: 'near', bytes: 100 },
    { id: 'vm-11', datastoreId: 'near', bytes: 10 },
    { id: 'vm-10', datastoreId: 'near', bytes: 10 },
  ])
  expect(ids(release)).toEqual(ids(send))
})

test('the newest of a VM is archived, and stays in its datastore all the same', () => {
  const { send, release } = plan({ ...rules, minAgeDays: 0 }, [...chain(2), ...chain(1, 'other')], [])
  expect(ids(send).sort()).toEqual(['other-0', 'vm-0', 'vm-1'])
  expect(ids(release)).toEqual(['vm-1'])
})

test('what is archived already is not sent again, but leaves when it is no longer the newest', () => {
  const points = chain(12)
  const { send, release } = plan(rules, points, there(points.slice(0, 2)))
  expect(send).toEqual([])
  expect(ids(release)).toEqual(['vm-11', 'vm-10'])
})

test('kept local copies stay; one that is invalid is not made invalid again, nor sent', () => {
  const [first, ...rest] = chain(12)
  if (!first) throw new Error('no point')
  const points = [{ ...first, isInvalid: true }, ...rest]
  expect(plan({ ...rules, localCopy: 'keep' }, points, []).release).toEqual([])
  const planned = plan({ ...rules, localCopy: 'invalidate' }, points, there([first]))
  expect(ids(planned.send)).toEqual(['vm-10'])
  expect(ids(planned.release)).toEqual(['vm-10'])
})

test('the last of each week or month that is over; bytes of those between count for it', () => {
  const weekly = plan({ ...rules, which: 'week', minAgeDays: 0 }, chain(20), [])
  // 30 June 2026 is a Tuesday: Sundays are 2, 9 and 16 days back.
  expect(weekly.send).toEqual([
    { id: 'vm-16', datastoreId: 'near', bytes: 130 },
    { id: 'vm-9', datastoreId: 'near', bytes: 70 },
    { id: 'vm-2', datastoreId: 'near', bytes: 70 },
  ])
  expect(plan({ ...rules, which: 'month', minAgeDays: 0 }, chain(20), []).send).toEqual([])
  expect(ids(plan({ ...rules, which: 'month', minAgeDays: 0 }, chain(40), []).send)).toEqual(['vm-30'])
})

test('a day ends where the time zone says so', () => {
  const at = (id: string, takenAt: string): ChosenFrom => ({
    ...(chain(1)[0] as ChosenFrom),
    id,
    takenAt: new Date(takenAt),
  })
  const points = [at('a', '2026-06-20T21:30:00Z'), at('b', '2026-06-20T22:30:00Z')]
  const daily = { ...rules, which: 'day' as const, minAgeDays: 0 }
  expect(ids(plan(daily, points, []).send)).toEqual(['b'])
  expect(ids(plan({ ...daily, timeZone: 'Europe/Oslo' }, points, []).send)).toEqual(['a', 'b'])
})

test('by fullness: nothing below the mark, then the oldest until it is down to the other', () => {
  const full = { ...rules, begins: 'fullness' as const, minAgeDays: 0, aboveBytes: 200, downToBytes: 150 }
  expect(plan(full, chain(11), [])).toEqual({ send: [], release: [] })
  const { send, release } = plan(full, chain(15), [])
  expect(ids(send)).toEqual(['vm-14'])
  expect(ids(release)).toEqual(['vm-14'])
})

test('by fullness as it was measured, where that is known: points share, and what is gone may have left much behind', () => {
  const full = { ...rules, begins: 'fullness' as const, minAgeDays: 0, aboveBytes: 200, downToBytes: 150 }
  expect(ids(plan(full, chain(11), [], 240).send)).toEqual(['vm-10'])
  expect(plan(full, chain(15), [], 190)).toEqual({ send: [], release: [] })
})

test('the first of a VM whose full backup is gone is no more than its disks', () => {
  const { send } = plan(rules, chain(13).slice(1), [])
  expect(send[0]).toMatchObject({ id: 'vm-11', bytes: 1000 })
})

test('a preview: now, each month, and when as much expires as comes', () => {
  const store = { currency: 'EUR', pricePerGbMonth: 1e9, maxBytes: 500 }
  const preview = previewArchival(
    { ...rules, keepDays: 60 },
    { points: chain(60), archived: [], measuredBytes: null },
    store,
    now,
  )
  expect(preview.now).toEqual({ points: 50, bytes: 590, leavesPoints: 50, leavesBytes: 590, vms: 1 })
  expect(preview.after).toEqual({ points: 50, bytes: 590, costPerMonth: 590 })
  expect(preview.monthly).toEqual({ points: 30, bytes: 300, localBytes: 300 })
  expect(preview.full).toEqual({ afterDays: 60, bytes: 700, costPerMonth: 700 })
  expect(preview.warnings).toHaveLength(1)
})

test('rules beyond the limits are refused at their field', () => {
  const limits = { minKeepDays: 30, maxKeepDays: 365, mayDeleteLocal: false }
  const store = { lockDays: 100, lockRefusal: null }
  const judge =
    (more: object, lock: object = {}) =>
    () =>
      demandWithinLimits({ keepDays: 90, localCopy: 'keep', lock: null, ...more }, limits, { ...store, ...lock })
  expect(judge({})).not.toThrow()
  expect(judge({ keepDays: 29 })).toThrow(expect.objectContaining({ code: 'invalid', field: 'keepDays' }))
  expect(judge({ keepDays: 366 })).toThrow(expect.objectContaining({ field: 'keepDays' }))
  expect(judge({ localCopy: 'delete' })).toThrow(expect.objectContaining({ field: 'localCopy' }))
  const lock = 'governance'
  expect(judge({ lock })).not.toThrow()
  expect(judge({ lock }, { lockDays: null })).toThrow(expect.objectContaining({ field: 'lock' }))
  const noLock = { lockRefusal: 'The bucket was made without object lock.' }
  expect(judge({ lock }, noLock)).toThrow(expect.objectContaining({ field: 'lock' }))
  expect(judge({ lock }, noLock)).toThrow(/made without object lock/)
  expect(judge({ lock }, { lockDays: 60 })).toThrow(expect.objectContaining({ field: 'keepDays' }))
})
