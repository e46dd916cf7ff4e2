import { expect, test } from 'vitest'
import { beginAt, placesToListen } from './listen.ts'

const ports = { first: 61_100, last: 61_999 }
const sockets = (name: string) => placesToListen('socket', { id: 7, name }, ports)
const own = (shortName: string) => ({ socketPath: `/var/lib/libvirt/qemu/domain-7-${shortName}/skerry.sock` })

test('a socket lies in the folder of its VM, whose name libvirt cuts after 20 letters', () => {
  expect(sockets('web')).toEqual([own('web')])
  expect(sockets('exactly-20-letters-x')).toEqual([own('exactly-20-letters-x')])
  expect(sockets('exactly-20-letters-xyz')).toEqual([own('exactly-20-letters-x')])
  expect(sockets('Büro')).toEqual([own('Büro')])
})

test('where 20 bytes are fewer letters, it may be cut after those', () => {
  expect(sockets('Gästeverwaltung-Nord-2')).toEqual([own('Gästeverwaltung-Nord'), own('Gästeverwaltung-Nor')])
  expect(sockets('😀'.repeat(30))).toEqual([own('😀'.repeat(20)), own('😀'.repeat(5))])
})

test('a port that is given is the only one; else there are several to try, in the range', () => {
  const at = { host: '10.0.0.1', tls: true }
  expect(placesToListen({ ...at, port: 5 }, { id: 7, name: 'web' }, ports)).toEqual([{ ...at, port: 5 }])
  const places = placesToListen(at, { id: 7, name: 'web' }, { first: 3, last: 3 })
  expect(places.length).toBeGreaterThan(1)
  for (const place of places) expect(place).toEqual({ ...at, port: 3 })
})

test('the next place is tried only where the error is of the place, and the last error is told', async () => {
  const tried: unknown[] = []
  const begin = (isOfPlace: boolean) =>
    beginAt(
      sockets('😀'.repeat(30)),
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
      sockets('web'),
      async (place) => place,
      () => true,
    ),
  ).toEqual(own('web'))
})
