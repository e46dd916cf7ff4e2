import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface OidcPerson {
  sub: string
  email: string
  name: string
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A small OpenID Connect provider: code flow with PKCE, RS256. Whoever is sent to it signs in as `person`. */
export async function startOidcProvider(clientId: string, clientSecret: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const codes = new Map<string, { person: OidcPerson; challenge: string | null; nonce: string | null }>()
  const tokens = new Map<string, OidcPerson>()
  let issuer = ''

  const idToken = (person: OidcPerson, nonce: string | null) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, aud: clientId, iat: now, exp: now + 60, email_verified: true, ...person, nonce }
    const body = `${base64url({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${base64url(claims)}`
    return `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`
  }

  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const { pathname } = new URL(request.url ?? '/', issuer)
    if (pathname === '/.well-known/openid-configuration') {
      return answer(200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256'],
      })
    }
    if (pathname === '/jwks') {
      return answer(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] })
    }
    if (pathname === '/userinfo') {
      const person = tokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '')
      return person ? answer(200, { ...person, email_verified: true }) : answer(401, {})
    }
    const form = new URLSearchParams(await text(request))
    const granted = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!granted || form.get('client_secret') !== clientSecret || granted.challenge !== challenge) {
      return answer(400, { error: 'invalid_grant' })
    }
    const token = randomUUID()
    tokens.set(token, granted.person)
    return answer(200, { access_token: token, token_type: 'Bearer', id_token: idToken(granted.person, granted.nonce) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    issuer,
    /** What a browser sent to `authorizeUrl` comes back with. */
    signIn(authorizeUrl: string, person: OidcPerson): URL {
      const asked = new URL(authorizeUrl).searchParams
      const code = randomUUID()
      codes.set(code, { person, challenge: asked.get('code_challenge'), nonce: asked.get('nonce') })
      const back = new URL(asked.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.get('state') ?? '')
      return back
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
