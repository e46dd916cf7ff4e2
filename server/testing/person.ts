import { randomBytes, randomUUID } from 'node:crypto'
import { hashPassword } from 'better-auth/crypto'
import { handleAuth } from '#server/auth/handler.ts'
import type { TenantRole } from '#server/schema/tenant.ts'
import type { TestServices } from './services.ts'

export interface TestPerson {
  id: string
  email: string
  password: string
}

/** Everybody's in this process: to make one of a password is slow by intent. */
const password = randomBytes(12).toString('hex')
let passwordHash: Promise<string> | undefined

/** Writes a person with a password straight into the tables. */
export async function createPerson(
  { authDb }: TestServices,
  options: { name?: string; operator?: boolean; roles?: Record<string, TenantRole> } = {},
): Promise<TestPerson> {
  const id = randomUUID()
  const person = { id, email: `${id}@example.test`, password }
  passwordHash ??= hashPassword(password)
  await authDb.user.create({
    data: {
      id,
      name: options.name ?? `Person ${id.slice(0, 8)}`,
      email: person.email,
      operator: options.operator ?? false,
      accounts: {
        create: {
          id: randomUUID(),
          accountId: id,
          providerId: 'credential',
          password: await passwordHash,
        },
      },
      memberships: {
        create: Object.entries(options.roles ?? {}).map(([tenantId, role]) => ({ id: randomUUID(), tenantId, role })),
      },
    },
  })
  return person
}

export async function createTenant(
  { authDb }: TestServices,
  name: string,
  quota: Record<string, number | bigint> = {},
) {
  return authDb.tenant.create({
    data: { id: randomUUID(), name, slug: name.toLowerCase().replaceAll(' ', '-'), ...quota },
  })
}

let lastAddress = 0
/** Another client's address each time, so that sign-in limits don't meet. */
export function someAddress(): string {
  lastAddress = (lastAddress % 250) + 1
  return `198.51.100.${lastAddress}`
}

export function postAuth(services: TestServices, path: string, body: unknown, headers: Record<string, string> = {}) {
  return handleAuth(
    services,
    new Request(`${services.url}/api/auth${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: services.url,
        'x-skerry-address': someAddress(),
        ...headers,
      },
      body: JSON.stringify(body),
    }),
  )
}

/** The Cookie header that a response's Set-Cookie headers make. */
export const cookiesOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

/** Signs in as a browser does. @returns headers of a request from that browser */
export async function signIn(services: TestServices, person: TestPerson): Promise<Headers> {
  const response = await postAuth(services, '/sign-in/email', { email: person.email, password: person.password })
  if (response.status !== 200) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`)
  return new Headers({ cookie: cookiesOf(response), origin: services.url, host: new URL(services.url).host })
}
