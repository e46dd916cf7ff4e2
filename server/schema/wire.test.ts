import superjson from 'superjson'
import { expect, test } from 'vitest'
import { isPlainJson, lean } from './wire.ts'

const rows = { rows: [{ id: 'a', tags: ['x'], cpu: 0.5, operation: null, protected: false }], nextCursor: null }
const itself: { inner?: unknown } = {}
itself.inner = itself

class Place {
  readonly name = 'oslo'
}

const values: [string, unknown][] = [
  ['rows', rows],
  ['text', 'text'],
  ['nothing', null],
  ['undefined', undefined],
  ['an undefined field', { a: undefined, b: 1 }],
  ['an undefined item', [undefined, 1]],
  ['a date', { at: new Date(0) }],
  ['a bigint', { sizeBytes: 5n }],
  ['NaN and -0', [Number.NaN, -0, Number.POSITIVE_INFINITY]],
  ['a map', new Map([['a', new Set([1])]])],
  ['an error', new Error('no')],
  ['an object that holds itself', itself],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
]

test.each(values)('%s goes over the wire and comes back as with superjson itself', (_, value) => {
  const wire = lean(superjson)
  const sent = JSON.parse(JSON.stringify(wire.serialize(value)))
  expect(wire.deserialize(sent)).toEqual(superjson.deserialize(JSON.parse(JSON.stringify(superjson.serialize(value)))))
  expect(superjson.deserialize(sent)).toEqual(wire.deserialize(sent))
})

test('rows are sent as they are; what JSON would lose is not taken for plain', () => {
  expect(lean(superjson).serialize(rows).json).toBe(rows)
  for (const value of [new Place(), new Array(1), { a: undefined }, new Date(), 1n, -0, itself, () => 1]) {
    expect(isPlainJson(value)).toBe(false)
  }
  expect(() => lean(superjson).serialize(JSON.parse('{"__proto__": 1}'))).toThrow()
})
