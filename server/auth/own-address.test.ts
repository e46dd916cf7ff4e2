import { expect, test } from 'vitest'
import { isOwnHost, ownOrigins, passkeyAddress } from './own-address.ts'

const lab = { SKERRY_URL: 'http://127.0.0.1:8080', PORT: 8080 }
const real = { SKERRY_URL: 'https://skerry.example', PORT: 3000 }

test.each([
  ['the address of the lab', lab, '127.0.0.1:8080', true],
  ['localhost, in any letters', lab, 'LocalHost:8080', true],
  ['IPv6', lab, '[::1]:8080', true],
  ['another port', lab, 'localhost:8081', false],
  ['a name that was pointed at us', lab, 'evil.example:8080', false],
  ['a name that begins like ours', lab, '127.0.0.1.evil.example:8080', false],
  ['no host', lab, undefined, false],
  ['SKERRY_URL', real, 'skerry.example', true],
  ['SKERRY_URL with another port', real, 'skerry.example:8443', false],
  ['a subdomain', real, 'x.skerry.example', false],
  ['a proxy or a check on this machine', real, '127.0.0.1:3000', true],
  ['this machine at SKERRY_URL’s port', real, 'localhost', false],
])('%s', (_, settings, host, expected) => {
  expect(isOwnHost(host, settings)).toBe(expected)
})

test('this machine has three names for itself, an address of its own has one', () => {
  expect(ownOrigins(lab)).toEqual(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])
  expect(ownOrigins(real)).toEqual(['https://skerry.example'])
  expect(ownOrigins({ SKERRY_URL: 'http://localhost' })).toEqual([
    'http://localhost',
    'http://127.0.0.1',
    'http://[::1]',
  ])
})

test('passkeys belong to a name', () => {
  expect(passkeyAddress(lab)).toEqual({ rpID: 'localhost', origin: 'http://localhost:8080' })
  expect(passkeyAddress(real)).toEqual({ rpID: 'skerry.example', origin: 'https://skerry.example' })
})
