import { describe, expect, test } from 'vitest'
import { policy, type Role, roles } from '#server/schema/policy.ts'
import { type ActionOf, allowed, type Grants, type Owner, type Resource } from './policy.ts'

const tenantId = 'acme'
const grants = (role: Role, more: Partial<Grants> = {}): Grants => ({
  operator: role === 'operator',
  readOnly: false,
  userId: 'me',
  memberships: role === 'operator' || role === 'anyone' ? [] : [{ tenantId, tenantName: 'Acme', role }],
  ...more,
})

const ask = (who: Grants, resource: Resource, action: string, owner: Owner = { tenantId, userId: 'me' }) =>
  allowed(who, resource, action as ActionOf<typeof resource>, owner)

const everything = (Object.keys(policy) as Resource[]).flatMap((resource) =>
  Object.keys(policy[resource]).map((action) => ({ resource, action })),
)

/** Asked cell by cell, as the procedures ask: on a row of Acme that belongs to the asker. */
function matrix(): string {
  const columns = [...roles.map((role) => ({ name: role, who: grants(role) }))]
  const readOnly = { name: 'read-only key', who: grants('operator', { readOnly: true }) }
  const line = (name: string, cells: string[]) =>
    `${name.padEnd(32)}${cells.map((c) => c.padEnd(10)).join('')}`.trimEnd()
  const all = [...columns, readOnly]
  const head = line(
    '',
    all.map(({ name }) => name),
  )
  const rows = everything.map(({ resource, action }) =>
    line(
      `${resource} ${action}`,
      all.map(({ who }) => (ask(who, resource, action) === true ? 'yes' : '·')),
    ),
  )
  return `${[head, ...rows].join('\n')}\n`
}

test('the whole matrix is as agreed', async () => {
  await expect(matrix()).toMatchFileSnapshot('./policy.golden.txt')
})

describe('whatever the table says', () => {
  test.each(everything)('$resource $action of another tenant or person is nobody’s but the operator’s', (cell) => {
    const elsewhere = { tenantId: 'globex', userId: 'you' }
    const isFleets = ['fleet', 'site', 'link', 'host', 'storage', 'network', 'datastore', 'template'].includes(
      cell.resource,
    )
    for (const role of roles) {
      const answer = ask(grants(role), cell.resource, cell.action, elsewhere)
      if (role === 'operator') expect(answer).toBe(true)
      else if (!isFleets) expect(answer).toEqual(expect.any(String))
    }
  })

  test('a VM of no tenant is the operator’s alone', () => {
    expect(ask(grants('owner'), 'vm', 'read', { tenantId: null })).toEqual(expect.any(String))
    expect(ask(grants('operator'), 'vm', 'read', { tenantId: null })).toBe(true)
  })

  test('a read-only key changes nothing', () => {
    const reading = everything.filter(
      ({ resource, action }) => ask(grants('operator', { readOnly: true }), resource, action) === true,
    )
    expect(new Set(reading.map(({ action }) => action))).toEqual(
      new Set(['read', 'read-xml', 'read-name', 'export', 'check']),
    )
  })
})

test('the reason names the tenant, the role and what it takes', () => {
  expect(ask(grants('viewer'), 'vm', 'power')).toBe(
    'Your role in Acme is viewer. You need the role member to start and stop it.',
  )
  expect(ask(grants('owner'), 'vm', 'migrate')).toBe(
    'Your role in Acme is owner. Only operators may move it to another host.',
  )
  expect(ask(grants('admin'), 'host', 'drain')).toBe('Your role in Acme is admin. Only operators may do this.')
  expect(ask(grants('anyone'), 'site', 'read')).toBe(
    'You have no role in any tenant. You need the role viewer to do this.',
  )
  expect(ask(grants('owner'), 'vm', 'power', { tenantId: 'globex' })).toMatch(/^You have no role in its tenant\./)
  expect(ask(grants('viewer'), 'vm', 'create', {})).toBe(
    'Your role in Acme is viewer. You need the role member to create VMs.',
  )
  const inTwo = grants('viewer', {
    memberships: ['Acme', 'Globex'].map((tenantName) => ({ tenantId: tenantName, tenantName, role: 'viewer' })),
  })
  expect(ask(inTwo, 'vm', 'create', {})).toBe('Your highest role is viewer. You need the role member to create VMs.')
  expect(ask(grants('owner', { readOnly: true }), 'vm', 'clone')).toBe(
    'This API key is read-only. You need a key that may make changes to clone it.',
  )
})
