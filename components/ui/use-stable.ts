import { useCallback, useLayoutEffect, useRef } from 'react'

/** The same function for good, which does what the latest one does: what it is given to is not drawn again for it. */
export function useStable<Arguments extends unknown[], Result>(work: (...given: Arguments) => Result) {
  const latest = useRef(work)
  useLayoutEffect(() => {
    latest.current = work
  })
  return useCallback((...given: Arguments) => latest.current(...given), [])
}
