import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ChangeFeed } from './change-feed.ts'

const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0])
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
const listening = Buffer.from('C\0\0\0\x0bLISTEN\0', 'latin1')
const queryMessage = 0x51

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

/** Just enough of a Postgres to listen on; once switched off it hangs up on everybody. */
async function database() {
  const open = new Set<Socket>()
  const seen = { connections: 0, isUp: true }
  const server = net.createServer((socket) => {
    seen.connections += 1
    if (!seen.isUp) return void socket.destroy()
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (message) => {
      const answers = message[0] === queryMessage ? [listening, listening, ready] : [authenticated, ready]
      socket.write(Buffer.concat(answers))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hangUp = () => {
    for (const socket of open) socket.destroy()
  }
  cleanUps.push(() => {
    hangUp()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { seen, hangUp, url: `postgres://somebody:secret@127.0.0.1:${port}/skerry?sslmode=disable` }
}

test('a database that stays away is tried at an even pace, and read anew when it is back', {
  timeout: 20_000,
}, async () => {
  const { seen, hangUp, url } = await database()
  const feed = new ChangeFeed(url)
  cleanUps.unshift(() => feed.close())
  let resets = 0
  feed.onReset(() => {
    resets += 1
  })
  await feed.open()

  seen.isUp = false
  seen.connections = 0
  hangUp()
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(seen.connections).toBeGreaterThanOrEqual(3)
  expect(seen.connections).toBeLessThanOrEqual(7)
  expect(resets).toBe(0)

  seen.isUp = true
  await expect.poll(() => resets, { timeout: 3_000 }).toBe(1)
})

test('a first attempt that fails is reported and not repeated behind its caller’s back', async () => {
  const { seen, url } = await database()
  seen.isUp = false
  await expect(new ChangeFeed(url).open()).rejects.toThrow()
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(seen.connections).toBe(1)
})
