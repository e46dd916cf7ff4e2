import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { log } from '#server/log.ts'
import { NbdServer } from '#server/nbd/server.ts'
import { databaseForTests } from '#server/testing/database-for-tests.ts'
import { TestHosts } from '#server/testing/host-source.ts'
import { createHost } from '#server/testing/vm.ts'
import { CloneTunnels } from './clone-tunnels.ts'

const own = databaseForTests({ scope: 'fleet' })

test('what a worker lacks itself is told to the others without the system’s words, and without its paths', async () => {
  const { db } = own
  const { id, name } = await createHost(db)
  await db.worker.createMany({
    data: ['first', 'second'].map((worker) => ({ id: worker, hostname: 'x', pid: 1, version: '0' })),
  })
  await db.host.update({ where: { id }, data: { uri: `qemu+ssh://${name}/system`, workerId: 'first' } })
  const hosts = new TestHosts(db)
  const tunnelsOf = (workerName: string) =>
    new CloneTunnels({
      ...{ db, hosts, log, workerName, port: 10809 },
      serve: (socketPath) => NbdServer.start({ listen: { socketPath }, open: () => undefined }),
    })
  await hosts.open(id)
  const tmp = process.env.TMPDIR
  const missing = join('/nowhere', randomUUID())
  process.env.TMPDIR = missing
  try {
    await expect(tunnelsOf('first').ready(id)).rejects.toThrow(missing)
  } finally {
    if (tmp === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = tmp
    await hosts.close()
  }
  const told = 'No way back from the host could be made; the log of the worker that looks after it says why.'
  expect((await db.host.findUniqueOrThrow({ where: { id } })).cloneObstacle).toBe(told)
  await expect(tunnelsOf('second').ready(id)).rejects.toMatchObject({ code: 'unavailable', message: told })
})
