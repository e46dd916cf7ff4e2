import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'

/** A way to a store that a test can break. */
export interface StoreProxy {
  readonly endpoint: string
  close(): void
}

/**
 * Passes requests on to a store, as they were signed.
 * @param spoil answers a request itself, or leaves it without an answer; @returns whether it did
 */
export async function storeProxy(
  endpoint: string,
  spoil: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>,
): Promise<StoreProxy> {
  const { port } = new URL(endpoint)
  const server = http.createServer(async (request, response) => {
    if (await spoil(request, response)) return
    const options = { port, method: request.method, path: request.url, headers: request.headers }
    const onward = http.request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
