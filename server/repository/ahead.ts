/**
 * What some work on each item gives, in the items' order; it is begun for so many before the first is taken. A failure is
 * told when its turn comes, also that of the items.
 */
export async function* ahead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  count: number,
  begin: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = []
  for await (const item of untilFailure(items)) {
    const work = 'error' in item ? Promise.reject(item.error) : begin(item.value)
    work.catch(() => undefined)
    begun.push(work)
    const [first] = begun
    if (begun.length <= count || !first) continue
    begun.shift()
    yield first
  }
  for (const work of begun) yield work
}

async function* untilFailure<T>(
  items: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<{ value: T } | { error: unknown }> {
  try {
    for await (const value of items) yield { value }
  } catch (error) {
    yield { error }
  }
}
