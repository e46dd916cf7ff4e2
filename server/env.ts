import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const LogLevel = z.enum(['debug', 'info', 'warn', 'error']).default('info')

/** The only reader of the environment. Names and meanings are in the README, "Run it for real". */
const Env = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('production'),
  DATABASE_URL: z.url(),
  PORT: z.coerce.number().int().min(1).max(65535).default(3000),
  HOSTNAME_BIND: z.string().default('127.0.0.1'),
  /** Where browsers reach the console; cookies, passkeys and redirects are bound to it. */
  SKERRY_URL: z.url().default('http://127.0.0.1:3000'),
  /** Signs sessions. At least 32 characters. */
  BETTER_AUTH_SECRET: z.string().min(32),
  /** 32 bytes in base64, the newest first, earlier ones after commas: seals hosts' credentials at rest. */
  SKERRY_KEY: z
    .string()
    .refine(
      (text) => text.split(',').every((key) => Buffer.from(key, 'base64').length === 32),
      'must be 32 bytes in base64, or several such after commas',
    ),
  /** Stable name of this worker, which no other may have; the machine's when empty. */
  SKERRY_WORKER: z
    .string()
    .min(1)
    .default(() => hostname()),
  /** Days that ended operations, and lines of VMs' histories, are kept. */
  SKERRY_KEEP_OPERATIONS_DAYS: z.coerce.number().int().min(1).default(90),
  SKERRY_KEEP_EVENTS_DAYS: z.coerce.number().int().min(1).default(90),
  /** Where workers keep what they can make again, each in a folder of its own. */
  SKERRY_CACHE: z
    .string()
    .min(1)
    .default(() => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'skerry')),
  /** Where hosts read from this worker what clones share with recovery points: a port, and the address if not its own. */
  SKERRY_EXPORT_PORT: z.coerce.number().int().min(1).max(65535).default(10809),
  SKERRY_EXPORT_ADDRESS: z.string().min(1).optional(),
  /** A folder with ca-cert.pem, server-cert.pem and server-key.pem, with which it proves itself to hosts. */
  SKERRY_EXPORT_CERTIFICATE: z.string().min(1).optional(),
  SKERRY_LOG_LEVEL: LogLevel,
  /** Set by a proxy in front: how many hops of X-Forwarded-For to trust. */
  SKERRY_TRUSTED_PROXIES: z.coerce.number().int().min(0).default(0),
  /** OpenID Connect sign-in; all three or none. */
  OIDC_ISSUER: z.url().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().default('single sign-on'),
})

export type Env = z.infer<typeof Env>

let parsed: Env | undefined

/** @throws Error naming each missing or malformed variable */
export function env(): Env {
  if (parsed) return parsed
  const result = Env.safeParse(process.env)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`The environment is not complete:\n${problems.join('\n')}\nSee the README, "Run it for real".`)
  }
  parsed = result.data
  return parsed
}

/** The log's level, known also where the rest of the environment is not: while the console is built. */
export const logLevel = () => LogLevel.catch('info').parse(process.env.SKERRY_LOG_LEVEL)
