import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { CredentialBox } from './credential.ts'

const secret = { tls: { authority: 'A', certificate: 'C', key: 'K—ü' } }
const box = new CredentialBox([randomBytes(32)])

test('what is sealed opens for its owner', () => {
  const sealed = box.seal(secret, 'host-1')
  expect(box.open(sealed, 'host-1')).toEqual(secret)
  expect(Buffer.from(sealed).includes('authority')).toBe(false)
})

test('the same secret is never sealed the same way twice', () => {
  expect(box.seal(secret, 'host-1')).not.toEqual(box.seal(secret, 'host-1'))
})

test('it does not open for another owner', () => {
  expect(() => box.open(box.seal(secret, 'host-1'), 'host-2')).toThrow(/can’t be opened/)
})

test('no byte can be altered', () => {
  const sealed = box.seal(secret, 'host-1')
  for (let index = 0; index < sealed.length; index++) {
    const altered = Uint8Array.from(sealed)
    altered[index] = (altered[index] ?? 0) ^ 1
    expect(() => box.open(altered, 'host-1'), `byte ${index}`).toThrow()
  }
  expect(() => box.open(sealed.subarray(0, 10), 'host-1')).toThrow()
})

test('keys are rotated: an old one still opens, the new one seals', () => {
  const [old, young] = [randomBytes(32), randomBytes(32)]
  const sealedBefore = new CredentialBox([old]).seal(secret, 'h')
  const both = new CredentialBox([young, old])
  expect(both.open(sealedBefore, 'h')).toEqual(secret)
  expect(both.isOutdated(sealedBefore)).toBe(true)
  const sealedAfter = both.seal(secret, 'h')
  expect(both.isOutdated(sealedAfter)).toBe(false)
  expect(() => new CredentialBox([old]).open(sealedAfter, 'h')).toThrow(/key that this worker does not have/)
})

test('keys come from text, newest first', () => {
  const [old, young] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
  expect(CredentialBox.fromText(`${young},${old}`).open(CredentialBox.fromText(old).seal(1, 'h'), 'h')).toBe(1)
  expect(() => CredentialBox.fromText('c2hvcnQ=')).toThrow(/32 bytes/)
})
