import { expect, test } from 'vitest'
import { withoutSecrets } from './audit.ts'

test('secrets are cut out at every depth and nothing else is', () => {
  const detail = {
    name: 'web-1',
    password: 'p',
    host: { credential: { tls: 'x' }, uri: 'qemu+tls://h', nested: [{ apiKey: 'k', vcpus: 2 }] },
    privateKey: 'k',
    tokenId: 't',
    keyboard: 'de',
  }
  expect(withoutSecrets(detail)).toEqual({
    name: 'web-1',
    password: '•••',
    host: { credential: '•••', uri: 'qemu+tls://h', nested: [{ apiKey: '•••', vcpus: 2 }] },
    privateKey: '•••',
    tokenId: '•••',
    keyboard: 'de',
  })
})
