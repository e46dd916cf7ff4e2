import { expect, test } from 'vitest'
import { routeTo } from './address.ts'

test.each([
  ['oslo-1', /no address/],
  ['qemu+ssh://ro%ot@oslo-1/system', /no address/],
  ['xen:///system', /“xen”/],
  ['qemu+tls:///system', /names no host/],
  ['qemu+tcp://oslo-1/system', /“tcp”/],
])('%s is refused as an address, at its field', (uri, reason) => {
  expect(() => routeTo({ uri })).toThrow(
    expect.objectContaining({ code: 'invalid', field: 'uri', message: expect.stringMatching(reason) }),
  )
})

test('an account in an address may have any letter', () => {
  const { sockets, dispose } = routeTo({ uri: 'qemu+ssh://ops%40example@oslo-1:2222/system' })
  expect(sockets).toMatchObject({ host: 'oslo-1', port: 2222, user: 'ops@example' })
  dispose()
})
