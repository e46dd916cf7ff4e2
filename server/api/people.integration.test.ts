import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setUpCode as codeOf } from '#server/auth/set-up-code.ts'
import { env } from '#server/env.ts'
import { callAs } from '#server/testing/call.ts'
import { createPerson, createTenant, signIn } from '#server/testing/person.ts'
import { type TestServices, testServices } from '#server/testing/services.ts'
import { createHost, createVm } from '#server/testing/vm.ts'

let services: TestServices
const password = 'correct horse battery'
const signUp = async (email: string, shown: { invitationId?: string; setUpCode?: string } = {}, address = email) =>
  (await callAs(services, new Headers({ 'x-skerry-address': address }))).session.signUp({
    name: email,
    email,
    password,
    ...shown,
  })

describe('a fresh install', () => {
  beforeAll(async () => {
    services = await testServices()
  })
  afterAll(() => services.close())

  const setUpCode = codeOf(env().BETTER_AUTH_SECRET)

  test('who reaches it first without the set-up code becomes nobody', async () => {
    for (const shown of [
      {},
      { setUpCode: '' },
      { setUpCode: `${setUpCode}0` },
      { setUpCode: codeOf('another secret') },
    ]) {
      await expect(signUp('mallory@example.test', shown)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        cause: { field: 'setUpCode' },
      })
    }
    expect(await services.authDb.user.count()).toBe(0)
  })

  test('of twelve who sign up at once exactly one becomes operator, the others are turned away', async () => {
    expect((await (await callAs(services)).session.options()).fresh).toBe(true)
    const all = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) => signUp(`p${i}@example.test`, { setUpCode })),
    )
    const first = all.filter((one) => one.status === 'fulfilled')
    expect(first.map(({ value }) => value)).toEqual([{ operator: true }])
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(refused).toEqual(Array(11).fill('FORBIDDEN'))
    expect(await services.authDb.user.count()).toBe(1)
    expect((await (await callAs(services)).session.options()).fresh).toBe(false)
    const entries = await services.authDb.auditEntry.findMany({ where: { action: 'user.sign-up' } })
    expect(entries).toMatchObject([{ outcome: 'succeeded', detail: { operator: true } }])
  })
})

describe('afterwards', () => {
  let tenant: { id: string; name: string }
  let operator: Awaited<ReturnType<typeof createPerson>>
  let owner: Awaited<ReturnType<typeof createPerson>>
  const as = async (person: Awaited<ReturnType<typeof createPerson>>) =>
    callAs(services, await signIn(services, person))

  beforeAll(async () => {
    services = await testServices()
    operator = await createPerson(services, { name: 'Op', operator: true })
  })
  afterAll(() => services.close())
  let count = 0
  beforeEach(async () => {
    count += 1
    tenant = await createTenant(services, `Tenant ${count}`)
    owner = await createPerson(services, { name: 'Ona', roles: { [tenant.id]: 'owner' } })
  })

  test('an invitation lets exactly its address in, once, in its role', async () => {
    const asOwner = await as(owner)
    const email = `new${count}@example.test`
    const { id, url } = await asOwner.member.invite({ tenantId: tenant.id, email, role: 'member' })
    expect(url).toBe(`${services.url}/invite/${id}`)
    expect(await (await callAs(services)).session.invitation({ invitationId: id })).toMatchObject({
      email,
      tenantName: tenant.name,
      role: 'member',
      hasAccount: false,
    })
    await expect(signUp('other@example.test', { invitationId: id })).rejects.toThrow(/another e-mail/)
    const twice = await Promise.allSettled([signUp(email, { invitationId: id }), signUp(email, { invitationId: id })])
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { members, invitations } = await asOwner.member.list({ tenantId: tenant.id })
    expect(members.find((member) => member.email === email)).toMatchObject({ role: 'member' })
    expect(invitations).toEqual([])
    const trail = await services.authDb.auditEntry.findMany({ where: { tenantId: tenant.id }, orderBy: { id: 'asc' } })
    expect(trail.map(({ action }) => action)).toEqual(['member.invite', 'user.sign-up'])
    expect(JSON.stringify(trail.map(({ detail, resourceId }) => ({ detail, resourceId })))).not.toContain(id)
  })

  test('an expired or withdrawn invitation lets nobody in', async () => {
    const asOwner = await as(owner)
    const invite = (email: string) => asOwner.member.invite({ tenantId: tenant.id, email, role: 'viewer' })
    const old = await invite('old@example.test')
    await services.authDb.tenantInvitation.update({ where: { id: old.id }, data: { expiresAt: new Date(0) } })
    await expect(signUp('old@example.test', { invitationId: old.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const withdrawn = await invite('gone@example.test')
    await asOwner.member.withdrawInvitation({ invitationId: withdrawn.id })
    await expect(signUp('gone@example.test', { invitationId: withdrawn.id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await expect(signUp('none@example.test', { invitationId: 'no-such-invitation' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('who has an account joins with it', async () => {
    const guest = await createPerson(services, { name: 'Gus' })
    const { id } = await (await as(owner)).member.invite({ tenantId: tenant.id, email: guest.email, role: 'admin' })
    await expect(signUp(guest.email, { invitationId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect((await as(operator)).session.acceptInvitation({ invitationId: id })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    const asGuest = await as(guest)
    expect(await asGuest.tenant.list()).toEqual([])
    await asGuest.session.acceptInvitation({ invitationId: id })
    const after = await as(guest)
    expect((await after.session.me()).memberships).toEqual([
      { tenantId: tenant.id, tenantName: tenant.name, role: 'admin' },
    ])
    expect(await after.tenant.list()).toMatchObject([{ id: tenant.id }])
  })

  test('an admin makes no owners, and the last owner stays', async () => {
    const admin = await createPerson(services, { roles: { [tenant.id]: 'admin' } })
    const asAdmin = await as(admin)
    const asOwner = await as(owner)
    const { members } = await asOwner.member.list({ tenantId: tenant.id })
    const idOf = (person: { email: string }) => members.find(({ email }) => email === person.email)?.id ?? ''
    const give = { memberId: idOf(admin), role: 'owner' as const }
    await expect(asAdmin.member.changeRole(give)).rejects.toThrow(/You need the role owner/)
    await expect(asAdmin.member.remove({ memberId: idOf(owner) })).rejects.toThrow(/You need the role owner/)
    await expect(
      asAdmin.member.invite({ tenantId: tenant.id, email: 'o@example.test', role: 'owner' }),
    ).rejects.toThrow(/owner/)
    await expect(asOwner.member.leave({ tenantId: tenant.id })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(asOwner.member.changeRole({ memberId: idOf(owner), role: 'viewer' })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await asOwner.member.changeRole(give)
    const both = await Promise.allSettled([
      asOwner.member.leave({ tenantId: tenant.id }),
      (await as(admin)).member.leave({ tenantId: tenant.id }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('of two operators who unmake each other at once one stays', async () => {
    const second = await createPerson(services, { name: 'Op 2', operator: true })
    const [one, two] = [await as(operator), await as(second)]
    const both = await Promise.allSettled([
      one.user.revokeOperator({ userId: second.id }),
      two.user.revokeOperator({ userId: operator.id }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await services.authDb.user.count({ where: { operator: true } })).toBe(1)
    await services.authDb.user.update({ where: { id: operator.id }, data: { operator: true } })
    await services.authDb.user.update({ where: { id: second.id }, data: { operator: false } })
  })

  test('an operator makes accounts, resets passwords and removes people with everything they signed in by', async () => {
    const asOperator = await as(operator)
    const made = await asOperator.user.create({ name: 'Neu', email: `neu${count}@example.test` })
    const neu = { id: made.id, email: made.email, password: made.password }
    const headers = await signIn(services, neu)
    const { password: renewed } = await asOperator.user.resetPassword({ userId: made.id })
    await expect((await callAs(services, headers)).session.me()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await signIn(services, { ...neu, password: renewed })
    await asOperator.user.remove({ userId: made.id })
    await expect(signIn(services, { ...neu, password: renewed })).rejects.toThrow(/401/)
    await expect(asOperator.user.remove({ userId: owner.id })).rejects.toThrow(/only owner/)
    const entries = await services.authDb.auditEntry.findMany({ where: { resourceKind: 'user', actorId: operator.id } })
    expect(JSON.stringify(entries.map(({ detail }) => detail))).not.toContain(renewed)
  })

  test('a tenant goes only when it is empty', async () => {
    const asOperator = await as(operator)
    const host = await createHost(services.authDb)
    const vm = await createVm(services.authDb, host, tenant.id)
    await expect(asOperator.tenant.delete({ tenantId: tenant.id })).rejects.toThrow(/still has 1 VM/)
    await services.authDb.vm.delete({ where: { id: vm.id } })
    await asOperator.tenant.delete({ tenantId: tenant.id })
    expect(await services.authDb.tenantMember.count({ where: { tenantId: tenant.id } })).toBe(0)
  })

  test('a tenant reads its use beside its quota', async () => {
    const asOperator = await as(operator)
    const host = await createHost(services.authDb)
    await createVm(services.authDb, host, tenant.id, { vcpuCount: 3, diskBytes: 5n, snapshotCount: 2 })
    await asOperator.tenant.setQuota({ tenantId: tenant.id, quotaVcpus: 8, quotaMemoryBytes: 2n ** 33n })
    const seen = await (await as(owner)).tenant.get({ tenantId: tenant.id })
    expect(seen.use).toEqual({ vms: 1, vcpus: 3, memoryBytes: 2n ** 30n, diskBytes: 5n, snapshots: 2 })
    expect(seen.quotas).toEqual({ vms: null, vcpus: 8, memoryBytes: 2n ** 33n, diskBytes: null, snapshots: null })
    expect(seen.can).toEqual({ rename: true, setQuota: expect.any(String), delete: expect.any(String) })
  })
})
