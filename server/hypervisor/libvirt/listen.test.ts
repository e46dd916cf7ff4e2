import { expect, test } from 'vitest'
import { beginAt, placesToListen } from './listen.ts'

const ports = { first: 61_100, last: 61_999 }
const sockets = (name: string) => placesToListen('socket', async () => ({ id: 7, name }), ports)
const own = (shortName: string) => ({ socketPath: `/var/lib/libvirt/qemu/domain-7-${shortName}/skerry.sock` })

test('a socket lies in the folder of its VM, whose name libvirt cuts after 20 letters', async () => {
  expect(await sockets('web')).toEqual([own('web')])
  expect(await sockets('exactly-20-letters-x')).toEqual([own('exactly-20-letters-x')])
  expect(await sockets('exactly-20-letters-xyz')).toEqual([own('exactly-20-letters-x')])
  expect(await sockets('Büro')).toEqual([own('Büro')])
})

test('where 20 bytes are fewer letters, it may be cut after those', async () => {
  expect(await sockets('Gästeverwaltung-Nord-2')).toEqual([own('Gästeverwaltung-Nord'), own('Gästeverwaltung-Nor')])
  expect(await sockets('😀'.repeat(30))).toEqual([own('😀'.repeat(20)), own('😀'.repeat(5))])
})

test('a port that is given is the only one; else there are several to try, in the range, and nobody asks for the VM', async () => {
  const nobody = async () => Promise.reject(new Error('asked for the VM'))
  const at = { host: '10.0.0.1', tls: true }
  expect(await placesToListen({ ...at, port: 5 }, nobody, ports)).toEqual([{ ...at, port: 5 }])
  const places = await placesToListen(at, nobody, { first: 3, last: 3 })
  expect(places.length).toBeGreaterThan(1)
  for (const place of places) expect(place).toEqual({ ...at, port: 3 })
})

test('the next place is tried only where the error is of the place, and the last error is told', async () => {
  const tried: unknown[] = []
  const begin = async (isOfPlace: boolean) =>
    beginAt(
      await sockets('😀'.repeat(30)),
      async (place) => {
        tried.push(place)
        if (tried.length < 2) throw new Error('first')
        throw new Error('second')
      },
      () => isOfPlace,
    )
  await expect(begin(false)).rejects.toThrow('first')
  expect(tried).toHaveLength(1)
  tried.length = 0
  await expect(begin(true)).rejects.toThrow('second')
  expect(tried).toEqual([own('😀'.repeat(20)), own('😀'.repeat(5))])
  expect(
    await beginAt(
      await sockets('web'),
      async (place) => place,
      () => true,
    ),
  ).toEqual(own('web'))
})
