import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { isFresh } from '#server/core/person.ts'
import type { Db } from '#server/db.ts'

/** Without letters and digits that look alike. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const groups = 4
const groupLength = 5

/**
 * What the first sign-up must show: known to whoever started Skerry or reads its log, not to whoever reaches its port
 * first. It is made of the secret that signs sessions, so that it is the same in every web process and after a restart,
 * and opens nothing once there is an operator. 100 bits.
 */
export function setUpCode(secret: string): string {
  const bytes = createHmac('sha256', secret).update('skerry set-up code').digest()
  const text = [...bytes.subarray(0, groups * groupLength)].map((byte) => letters[byte % letters.length]).join('')
  return text.match(new RegExp(`.{${groupLength}}`, 'g'))?.join('-') ?? text
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** However it was typed: in small letters, without hyphens, with blanks around. Takes as long for a wrong one. */
export function isSetUpCode(given: string, secret: string): boolean {
  const plain = (text: string) => text.toUpperCase().replace(/[^0-9A-Z]/g, '')
  return timingSafeEqual(digest(plain(given)), digest(plain(setUpCode(secret))))
}

/** The code while it is of use: as long as nobody has an account. */
export async function pendingSetUpCode(db: Db, secret: string): Promise<string | null> {
  return (await isFresh(db)) ? setUpCode(secret) : null
}
