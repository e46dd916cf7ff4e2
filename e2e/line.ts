import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A way to the console of its own, which can be cut. */
export interface Line {
  url: string
  /** As when the console is gone: what is open breaks, and nobody answers. */
  cut: () => Promise<void>
  /** As when a proxy stands before a console that is gone. @returns how often the live stream was asked for so far */
  refuse: () => Promise<() => number>
  mend: () => Promise<void>
}

export async function openLine(): Promise<Line> {
  const console = new URL(process.env.SKERRY_URL ?? '')
  let server: Server
  let port = 0
  const listen = async (next: Server) => {
    server = next
    await new Promise<void>((listening) => server.listen(port, console.hostname, listening))
    port = (server.address() as AddressInfo).port
  }
  const passOn = () =>
    createServer((asked, answer) => {
      const { method, headers } = asked
      const origin = headers.origin && { origin: console.origin }
      const far = request(new URL(asked.url ?? '', console), {
        method,
        headers: { ...headers, host: console.host, ...origin },
      })
      far.on('response', (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.on('error', () => answer.destroy()).pipe(answer)
      })
      far.on('error', () => answer.destroy())
      answer.on('close', () => far.destroy())
      asked.pipe(far)
    })
  const cut = async () => {
    const closed = new Promise((done) => server.close(done))
    server.closeAllConnections()
    await closed
  }
  await listen(passOn())
  return {
    url: `http://${console.hostname}:${port}`,
    cut,
    refuse: async () => {
      let count = 0
      const refusing = createServer(({ url }, answer) => {
        if (url?.includes('live.changes')) count++
        answer.writeHead(502).end('Bad gateway')
      })
      await listen(refusing)
      return () => count
    },
    mend: async () => {
      if (server.listening) await cut()
      await listen(passOn())
    },
  }
}
