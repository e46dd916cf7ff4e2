import type { Consistency, Origin } from '#server/schema/backup.ts'

/** What its files are like when it is restored. */
export const consistencyWord: Record<Consistency, { word: string; meaning: string }> = {
  application: {
    word: 'Files whole',
    meaning: 'File systems or applications stood still for the instant, so nothing has to be repaired.',
  },
  crash: { word: 'As after a power cut', meaning: 'The guest repairs its file systems when it starts from it.' },
  off: { word: 'Files whole', meaning: 'The VM was off.' },
}

/** How it came to be, after where it is; by hand needs no word. */
export const originWord: Record<Origin, string> = { person: '', policy: ', by policy', restore: ', before a restore' }

interface Kept {
  invalidAt: Date | string | null
  damage: { text: string } | null
}

/** Why nothing can be made of what the datastore has of a recovery point, or undefined. */
export function whyUnusable({ invalidAt, damage }: Kept): string | undefined {
  if (invalidAt) return 'This copy is archived and no longer valid here: restore it from the archive, or bring it back.'
  return damage?.text
}
