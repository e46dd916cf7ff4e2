/** What superjson makes of a value: the value as JSON, and what JSON has no words for (dates, bigints …) beside it. */
interface Wire {
  json: unknown
  meta?: unknown
}

/** The two functions of superjson that tRPC and the query cache use. */
interface Transformer<W extends Wire> {
  serialize: (value: unknown) => W
  deserialize: (wire: W) => unknown
}

/** Deeper than any answer; a value that holds itself would never end. */
const deepest = 32
const reserved = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether JSON says all of it: then superjson would give the value back as it is, after a long walk. */
export function isPlainJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || depth > deepest) return false
  if (Array.isArray(value)) {
    // By index: a hole is undefined, which `every` would pass over.
    for (let index = 0; index < value.length; index++) if (!isPlainJson(value[index], depth + 1)) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false
  return Object.entries(value).every(([key, each]) => !reserved.has(key) && isPlainJson(each, depth + 1))
}

/**
 * Superjson without its walk where JSON alone will do, which it does for every list of rows. The same on the wire, so
 * either side may be plain superjson.
 */
export function lean<W extends Wire>(superjson: Transformer<W>) {
  return {
    serialize: (value: unknown): Wire => (isPlainJson(value) ? { json: value } : superjson.serialize(value)),
    deserialize: (wire: W): unknown => (wire.meta === undefined ? wire.json : superjson.deserialize(wire)),
  }
}
