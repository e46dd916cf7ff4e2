import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { askFirst, isConsoleThere } from './ask-first.ts'

/** A way whose questions are answered by the test, in any order. */
function asked() {
  const answers: ((isThere: boolean) => void)[] = []
  const done: string[] = []
  const go = askFirst({
    isConsoleThere: () => new Promise((answer) => answers.push(answer)),
    go: (href) => done.push(href),
    onGone: () => done.push('gone'),
  })
  return { go, answers, done }
}

test('a page is gone to when the console answers, and else it is said', async () => {
  const { go, answers, done } = asked()
  go('/hosts')
  answers[0]?.(true)
  await expect.poll(() => done).toEqual(['/hosts'])
  go('/sites')
  answers[1]?.(false)
  await expect.poll(() => done).toEqual(['/hosts', 'gone'])
})

test('of several that wait only the last is gone to, in whichever order the answers come', async () => {
  const { go, answers, done } = asked()
  for (const href of ['/hosts', '/sites', '/fleet']) go(href)
  answers[2]?.(true)
  answers[0]?.(true)
  answers[1]?.(false)
  await expect.poll(() => done).toEqual(['/fleet'])
  await new Promise((later) => setTimeout(later, 20))
  expect(done).toEqual(['/fleet'])
})

const ask = fetch
let server: Server | undefined
afterEach(() => {
  vi.unstubAllGlobals()
  server?.closeAllConnections()
  server?.close()
})

/** Questions of this test go to a server of its own. */
async function listen(onRequest: Parameters<typeof createServer>[1]) {
  const opened = createServer(onRequest)
  server = opened
  await new Promise<void>((listening) => opened.listen(0, '127.0.0.1', listening))
  const { port } = opened.address() as AddressInfo
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => ask(`http://127.0.0.1:${port}${path}`, init))
}

test('an unwell console is there; a proxy that answers for it, and one that says nothing, are not', async () => {
  await listen((_, answer) => answer.writeHead(503, { 'content-type': 'application/json' }).end('{}'))
  expect(await isConsoleThere()).toBe(true)
  server?.close()
  await listen((_, answer) => answer.writeHead(502, { 'content-type': 'text/html' }).end('Bad gateway'))
  expect(await isConsoleThere()).toBe(false)
  server?.close()
  await listen(() => undefined)
  expect(await isConsoleThere(50)).toBe(false)
})
