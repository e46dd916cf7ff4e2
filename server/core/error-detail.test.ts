import { expect, test } from 'vitest'
import { SkerryError } from '#server/errors.ts'
import { operatorDetail, withoutSecrets } from './error-detail.ts'

test('the whole chain of causes is told once, the message that everybody reads is not repeated', () => {
  const cause = new Error("Cannot access storage file '/var/lib/libvirt/images/a.qcow2'", {
    cause: new Error('EACCES'),
  })
  const inner = new SkerryError('conflict', 'Could not start a VM on a.', { detail: cause.message, cause })
  const outer = new SkerryError('conflict', 'Could not do it.', { cause: inner })
  expect(operatorDetail(outer)?.split('\n')).toEqual([
    'Could not start a VM on a.',
    "Cannot access storage file '/var/lib/libvirt/images/a.qcow2'",
    'EACCES',
  ])
  expect(operatorDetail(new SkerryError('conflict', 'It is off.'))).toBeNull()
  expect(operatorDetail('a text')).toBe('a text')
  const place = 'bucket there at https://s3.example.net'
  const answer = new Error('UnknownError')
  const told = (message: string) =>
    operatorDetail(new SkerryError('unavailable', message, { detail: place, cause: answer }))
  expect(told(`The ${place} does not answer.`)).toBeNull()
  expect(told('The datastore Far does not answer.')).toBe(place)
})

test.each([
  ['qemu+ssh://root:hunter2@10.0.0.1/system: refused', 'qemu+ssh://root:•••@10.0.0.1/system: refused'],
  ["<graphics type='vnc' passwd='hunter2' port='1'/>", "<graphics type='vnc' passwd=••• port='1'/>"],
  ['password: hunter2, then', 'password: •••, then'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY----- follows', '••• follows'],
  ['-----BEGIN RSA PRIVATE KEY-----\nabc cut', '•••'],
  ['10.0.0.1:16514: connect ECONNREFUSED', '10.0.0.1:16514: connect ECONNREFUSED'],
])('secrets are cut out of %j', (text, told) => {
  expect(withoutSecrets(text)).toBe(told)
})
