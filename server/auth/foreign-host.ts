import type { IncomingMessage, ServerResponse } from 'node:http'

/** 421 for a request that asked for another host than ours, with the address that is. */
export function refuseForeign(request: IncomingMessage, response: ServerResponse, skerryUrl: string): void {
  const { origin } = new URL(skerryUrl)
  const error = {
    code: 'invalid',
    message: 'This request asked for another host than Skerry.',
    wayOut: `Open ${origin}. If Skerry is meant to be reached by this name, set SKERRY_URL to it.`,
  }
  const isData = request.url?.startsWith('/api/')
  const body = isData ? JSON.stringify({ error }) : `${error.message} ${error.wayOut}\n`
  response.writeHead(421, {
    'content-type': isData ? 'application/json' : 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  response.end(body)
}
