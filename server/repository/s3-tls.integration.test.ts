import { once } from 'node:events'
import { createServer } from 'node:https'
import { expect, test } from 'vitest'
import { makeAuthority } from '#server/libvirt/testing/certificate.ts'
import { S3Store } from './s3-store.ts'
import { scratchFolder } from './testing/scratch.ts'

test('a certificate of our own is trusted when its authority is given, and only then', async () => {
  await using folder = await scratchFolder()
  const [ours, others] = [await makeAuthority(folder.path, 'ours'), await makeAuthority(folder.path, 'others')]
  const { certificate, key } = await ours.forServer('store')
  // Every question is answered with yes: here it is only about who is asked.
  const server = createServer({ cert: certificate, key }, (_, response) => response.writeHead(200).end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const settings = {
      ...{ endpoint: `https://127.0.0.1:${port}`, bucket: 'backups', accessKeyId: 'id', secretAccessKey: 'secret' },
      timeoutMs: 2000,
    }
    for (const authority of [undefined, others.certificate]) {
      await expect(S3Store.open({ ...settings, authority })).rejects.toMatchObject({
        ...{ code: 'unavailable', message: expect.stringContaining('is not trusted') },
        wayOut: expect.stringContaining('certificate'),
      })
    }
    const store = await S3Store.open({ ...settings, authority: ours.certificate })
    store.close()
    const plain = S3Store.open({ ...settings, endpoint: `http://127.0.0.1:${port}` })
    await expect(plain).rejects.toMatchObject({ code: 'unavailable' })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
