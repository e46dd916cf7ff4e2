import { expect, test } from 'vitest'
import type { z } from 'zod'
import { ArchivalPolicyInput } from './archive.ts'
import { BootTestSchedule } from './boot-test.ts'
import { ProtectionPolicyInput } from './protection.ts'
import { lastMonthday, ScheduleTime } from './schedule.ts'
import { ScheduleInput } from './snapshot.ts'

const moment = { every: 'month', minute: 0, hour: 3, weekday: 1, monthday: 1 }
const id = '00000000-0000-4000-8000-000000000001'
/** Each place that takes a schedule, with one that is right. */
const places = {
  'snapshot schedule': {
    schema: ScheduleInput as z.ZodType,
    given: { ...moment, timeZone: 'UTC', keepCount: 3 },
    with: (more: object) => ({ ...moment, timeZone: 'UTC', keepCount: 3, ...more }),
    path: '',
  },
  'protection policy': {
    schema: ProtectionPolicyInput as z.ZodType,
    given: {
      ...{ name: 'Nightly', tags: ['prod'], schedules: [moment], timeZone: 'UTC', retention: { last: 3 } },
      ...{ datastoreId: id, lateAfterMinutes: 60 },
    },
    with: (more: object) => ({ ...places['protection policy'].given, schedules: [moment, { ...moment, ...more }] }),
    path: 'schedules.1.',
  },
  'archival policy': {
    schema: ArchivalPolicyInput as z.ZodType,
    given: {
      ...{ name: 'Yearly', archiveStoreId: id, allVms: true, which: 'every', begins: 'schedule', minAgeDays: 0 },
      ...{ schedule: moment, timeZone: 'UTC', keepDays: 365, localCopy: 'keep' },
    },
    with: (more: object) => ({ ...places['archival policy'].given, schedule: { ...moment, ...more } }),
    path: 'schedule.',
  },
  'boot test': {
    schema: BootTestSchedule as z.ZodType,
    given: moment,
    with: (more: object) => ({ ...moment, ...more }),
    path: '',
  },
}

/** What is wrong, by the field that it is said of */
function wrong(schema: z.ZodType, input: object): Record<string, string> {
  const { error } = schema.safeParse(input)
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]))
}

const impossible: [field: string, value: unknown][] = [
  ...[0, 8, 1.5, 'Monday'].map((value): [string, unknown] => ['weekday', value]),
  ...[0, 29, 30, 32, -1].map((value): [string, unknown] => ['monthday', value]),
  ...[24, -1, 3.5].map((value): [string, unknown] => ['hour', value]),
  ...[60, -1].map((value): [string, unknown] => ['minute', value]),
  ...['year', '', null].map((value): [string, unknown] => ['every', value]),
]

for (const [name, { schema, given, with: having, path }] of Object.entries(places)) {
  test(`what can’t be is refused by the name of its field: ${name}`, () => {
    expect(wrong(schema, given)).toEqual({})
    expect(wrong(schema, having({ monthday: lastMonthday }))).toEqual({})
    for (const [field, value] of impossible) {
      const found = wrong(schema, having({ [field]: value }))
      expect(found, `${field} ${value}`).toEqual({ [`${path}${field}`]: expect.any(String) })
    }
    expect(wrong(schema, having({ monthday: 32 }))[`${path}monthday`]).toMatch(/from 1 to 28, or 31 for the last/)
  })
}

test('a time zone that nobody knows is refused, wherever one is given', () => {
  for (const { schema, given } of [
    { schema: ScheduleTime as z.ZodType, given: { ...moment, timeZone: 'UTC' } },
    places['snapshot schedule'],
    places['protection policy'],
    places['archival policy'],
  ]) {
    expect(wrong(schema, { ...given, timeZone: 'Europe/Atlantis' })).toEqual({
      timeZone: 'There is no time zone of this name: give one such as Europe/Oslo.',
    })
    expect(wrong(schema, { ...given, timeZone: 'Europe/Oslo' })).toEqual({})
  }
})

test('no schedule at all, and keeping nothing, are refused', () => {
  const { schema, given } = places['protection policy']
  expect(wrong(schema, { ...given, schedules: [] })).toEqual({ schedules: 'Give a time' })
  expect(wrong(schema, { ...given, retention: { last: 0, daily: 7 } })).toHaveProperty(['retention.last'])
  expect(wrong(schema, { ...given, retention: { last: 1, daily: -1 } })).toHaveProperty(['retention.daily'])
  expect(wrong(schema, { ...given, retention: { last: 1, hourly: 1000 } })).toHaveProperty(['retention.hourly'])
  expect(wrong(schema, { ...given, lateAfterMinutes: 0 })).toHaveProperty('lateAfterMinutes')
  const snapshots = places['snapshot schedule']
  for (const keepCount of [0, -1, 101, 2.5]) {
    expect(wrong(snapshots.schema, snapshots.with({ keepCount }))).toEqual({ keepCount: expect.any(String) })
  }
  const archival = places['archival policy']
  expect(wrong(archival.schema, { ...archival.given, schedule: null })).toEqual({ schedule: 'Give a time.' })
  expect(wrong(archival.schema, { ...archival.given, keepDays: 0 })).toHaveProperty('keepDays')
  const full = { ...archival.given, begins: 'fullness', schedule: null, localCopy: 'delete' }
  expect(wrong(archival.schema, { ...full, aboveBytes: 0, downToBytes: 0 })).toHaveProperty('aboveBytes')
  expect(wrong(archival.schema, { ...full, aboveBytes: 10, downToBytes: 10 })).toEqual({
    downToBytes: 'It ends at less than it begins at.',
  })
})
