import { expect, test } from 'vitest'
import { eventWords } from './event-words.ts'

test.each([
  ['migrated', 'migrated', 'migrated', ''],
  ['migrated', 'post-copy', 'migrated', 'post-copy'],
  ['defined', 'new', 'defined', ''],
  ['defined', 'made by Skerry', 'defined', 'made by Skerry'],
  ['crashed', 'crashed', 'crashed', ''],
  ['stopped', 'shut down', 'stopped', 'shut down'],
  ['disk-error', 'virtio-disk0: paused', 'disk error', 'virtio-disk0: paused'],
])('%s, %s reads: %s %s', (kind, detail, what, more) => {
  expect(eventWords({ kind, detail })).toEqual({ what, more })
})
