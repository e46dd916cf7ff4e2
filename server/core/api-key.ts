import { randomBytes, randomUUID } from 'node:crypto'
import { defaultKeyHasher } from '@better-auth/api-key'
import type { Tx } from '#server/db.ts'
import type { ApiKeyCreate } from '#server/schema/session.ts'

const prefix = 'sk_'
const startLength = 9
const perMinute = 1_200

/** How a key is narrowed, as its metadata holds it. */
const limitsOf = (metadata: string | null): { tenantId?: string; readOnly?: boolean } =>
  metadata ? JSON.parse(metadata) : {}

/** The person's keys, newest first, without their secrets. */
export async function listApiKeys(tx: Tx, userId: string) {
  const keys = await tx.apiKey.findMany({
    where: { referenceId: userId },
    omit: { key: true },
    orderBy: { createdAt: 'desc' },
  })
  return keys.map((key) => ({
    id: key.id,
    name: key.name ?? '',
    start: key.start ?? '',
    createdAt: key.createdAt,
    lastUsedAt: key.lastRequest,
    expiresAt: key.expiresAt,
    readOnly: false,
    tenantId: null as string | null,
    ...limitsOf(key.metadata),
  }))
}

/** @returns the row and the secret, of which only a hash is kept: it is shown once */
export async function createApiKey(tx: Tx, userId: string, wanted: ApiKeyCreate) {
  const secret = `${prefix}${randomBytes(32).toString('base64url')}`
  const { tenantId, readOnly, expiresInDays } = wanted
  const row = await tx.apiKey.create({
    data: {
      id: randomUUID(),
      name: wanted.name,
      prefix,
      start: secret.slice(0, startLength),
      key: await defaultKeyHasher(secret),
      referenceId: userId,
      rateLimitTimeWindow: 60_000,
      rateLimitMax: perMinute,
      metadata: JSON.stringify({ ...(tenantId ? { tenantId } : {}), ...(readOnly ? { readOnly } : {}) }),
      ...(expiresInDays ? { expiresAt: new Date(Date.now() + expiresInDays * 24 * 3600_000) } : {}),
    },
  })
  return { id: row.id, name: wanted.name, secret, expiresAt: row.expiresAt }
}

export const revokeApiKey = (tx: Tx, id: string) => tx.apiKey.delete({ where: { id } })
