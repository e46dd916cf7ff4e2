import { randomBytes } from 'node:crypto'
import type { Tx } from '#server/db.ts'
import type { CredentialBox } from './credential.ts'

const ownerOf = (tenantId: string) => `archive key of ${tenantId}`

/** What opens a tenant's archives, wherever they are: 32 bytes. Made when first asked for; of two at once, one is kept. */
export async function archiveKeyOf(tx: Tx, box: CredentialBox, tenantId: string): Promise<Buffer> {
  const known = await tx.archiveKey.findUnique({ where: { tenantId } })
  if (known) return opened(box, known.sealed, tenantId)
  const sealed = box.seal(randomBytes(32).toString('base64'), ownerOf(tenantId))
  await tx.archiveKey.createMany({ skipDuplicates: true, data: [{ tenantId, sealed }] })
  const made = await tx.archiveKey.findUniqueOrThrow({ where: { tenantId } })
  return opened(box, made.sealed, tenantId)
}

const opened = (box: CredentialBox, sealed: Uint8Array, tenantId: string) =>
  Buffer.from(String(box.open(sealed, ownerOf(tenantId))), 'base64')
