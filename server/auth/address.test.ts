import { expect, test } from 'vitest'
import { clientAddress } from './address.ts'
import { isSameOrigin } from './same-origin.ts'

test.each([
  ['no proxy: the socket, whatever the client claims', '192.0.2.9', '1.2.3.4', 0, '192.0.2.9'],
  ['one proxy: what it appended, not what came before', '10.0.0.1', '1.2.3.4, 192.0.2.9', 1, '192.0.2.9'],
  ['two proxies', '10.0.0.1', '6.6.6.6, 192.0.2.9, 10.0.0.2', 2, '192.0.2.9'],
  ['more proxies expected than there are', '10.0.0.1', undefined, 2, '10.0.0.1'],
  ['an IPv4 address in IPv6 clothes', '::ffff:192.0.2.9', undefined, 0, '192.0.2.9'],
])('%s', (_, socket, forwarded, proxies, expected) => {
  expect(clientAddress(socket, forwarded, proxies)).toBe(expected)
})

const url = 'https://skerry.example'
test.each([
  ['our own page', { origin: url }, true],
  ['our page under the name the browser used', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' }, true],
  ['another site', { origin: 'https://evil.example', host: 'skerry.example' }, false],
  ['a page without an origin', { origin: 'null', host: 'skerry.example' }, false],
  ['a subdomain', { origin: 'https://x.skerry.example', host: 'skerry.example' }, false],
  ['only fetch metadata, ours', { 'sec-fetch-site': 'same-origin' }, true],
  ['only fetch metadata, a sibling’s', { 'sec-fetch-site': 'same-site' }, false],
  ['nothing said', {}, false],
])('a change with our cookie from %s', (_, headers, expected) => {
  expect(isSameOrigin(new Headers(headers as Record<string, string>), url, true)).toBe(expected)
})
