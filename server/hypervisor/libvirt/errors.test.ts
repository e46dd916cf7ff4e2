import { expect, test } from 'vitest'
import { SkerryError } from '../../errors.ts'
import {
  CallTimeout,
  ConnectionLost,
  errorCode,
  LibvirtError,
  ProtocolError,
  TransportError,
  type TransportFailure,
} from '../../libvirt/error.ts'
import { OutcomeUnknown } from '../driver.ts'
import { explain } from './errors.ts'

const place = '/srv/pool/tenant.qcow2 at qemu+tls://10.11.12.13:16514/system'
const failures: TransportFailure[] = [
  ...(['invalid-address', 'unreachable', 'timeout', 'aborted', 'socket-missing', 'socket-forbidden'] as const),
  ...(['server-certificate', 'client-certificate', 'host-key', 'ssh-authentication', 'ssh-missing'] as const),
  ...(['authentication', 'closed'] as const),
]
const failed = (code: number) => new LibvirtError({ code, domain: 10, level: 2, message: `cannot open ${place}` })
const coded = Object.assign(new Error(`connect ${place}`), { code: 'ECONNREFUSED' })

test.each([
  ...Object.entries({ ...errorCode, other: 9_999 }).map(([name, code]) => [name, failed(code)] as const),
  ...failures.map((reason) => [reason, new TransportError(reason, `no way to ${place}`)] as const),
  ['with a code', new TransportError('unreachable', `no way to ${place}`, coded)] as const,
  ['not answered', new CallTimeout(`no answer from ${place}`, true)] as const,
  ['not sent', new ConnectionLost(`lost ${place}`, false)] as const,
  ['not read', new ProtocolError(`what ${place} said`)] as const,
])('%s: everybody reads our words alone, operators where it was and what was said', (_, error) => {
  const told = explain(error, { label: 'oslo-1', step: 'start a VM', change: false })
  expect(told).toBeInstanceOf(SkerryError)
  const { message, wayOut, detail } = told as SkerryError
  expect(`${message} ${wayOut}`).not.toMatch(/srv|tenant\.qcow2|10\.11|16514/)
  expect(message).toContain('oslo-1')
  expect(detail).toContain(place)
})

test('an unknown outcome says what was asked of which host, and nothing else', () => {
  const told = explain(new CallTimeout(`no answer from ${place}`, true), {
    ...{ label: 'oslo-1', step: 'start a VM', change: true },
  })
  expect(told).toBeInstanceOf(OutcomeUnknown)
  expect(told.message).toBe('It is not known whether oslo-1 did this: start a VM.')
})
