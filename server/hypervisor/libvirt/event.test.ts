import { expect, test } from 'vitest'
import { readEvent } from './event.ts'

test('a disk that fails is named by its device: where it lies is not for everybody who reads the VM’s events', () => {
  const domain = { uuid: '1b4e28ba-2fa1-11d2-883f-0016d3cca427', name: 'web', id: 1 }
  const body = {
    callbackId: 1,
    domain,
    path: '/srv/pool/web.qcow2',
    alias: 'virtio-disk0',
    action: 1,
    reason: 'enospc',
  }
  expect(readEvent({ name: 'domainIoError', body })).toEqual({
    ...{ kind: 'vm-changed', vm: domain.uuid, change: 'disk-error' },
    detail: expect.stringMatching(/^virtio-disk0: /),
  })
})
