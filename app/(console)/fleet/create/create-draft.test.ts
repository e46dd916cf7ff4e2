import { expect, test } from 'vitest'
import { blankDraft, problemsOf, type Template } from './create-draft.ts'

const template = {
  ...{ id: 't1', name: 'Debian 12', siteIds: ['s1'], hostIds: ['h1'] },
  ...{ minMemoryBytes: 2 ** 28, minDiskBytes: 2 ** 31 },
} as unknown as Template
const draft = { ...blankDraft, name: 'web-1', templateId: 't1', siteId: 's1' }

test('a host must have the template that the VM is to be made of', () => {
  expect(problemsOf(draft, template, [])).toEqual({})
  expect(problemsOf({ ...draft, hostId: 'h1' }, template, [])).toEqual({})
  expect(problemsOf({ ...draft, hostId: 'h2' }, template, [])).toEqual({ hostId: 'It does not have Debian 12' })
  expect(problemsOf({ ...draft, hostId: 'h2' }, undefined, [])).toEqual({})
  expect(problemsOf({ ...draft, siteId: 's2' }, template, [])).toEqual({ siteId: 'No host there has Debian 12' })
})
