import { expect, test } from 'vitest'
import { type AuditView, auditSearch, exportHref } from './audit-query.ts'

const nothing: AuditView = {
  text: ' ',
  tenant: '',
  actor: '',
  action: '',
  kind: '',
  resource: '',
  outcome: null,
  from: '',
  to: 'tomorrow',
}

test('an empty search asks for everything', () => {
  expect(auditSearch(nothing)).toEqual({})
})

test('the last day counts to its end', () => {
  const { from, to } = auditSearch({ ...nothing, from: '2026-03-09', to: '2026-03-09' })
  expect(from).toEqual(new Date(2026, 2, 9))
  expect(to).toEqual(new Date(2026, 2, 10))
})

test('the file has the same search', () => {
  const search = auditSearch({ ...nothing, text: 'web & co', outcome: 'denied' })
  expect(exportHref(search, 'jsonl')).toBe('/api/audit/export?format=jsonl&text=web+%26+co&outcome=denied')
})
