import type { ArchiveGrant, ArchiveStore } from '#prisma/generated/client.ts'
import { invalid } from '#server/errors.ts'
import type { ArchivalRules } from '#server/schema/archive.ts'

type Limits = Pick<ArchiveGrant, 'minKeepDays' | 'maxKeepDays' | 'mayDeleteLocal'>

/** @throws invalid at the field, for rules beyond what the provider allows or the store can do */
export function demandWithinLimits(
  { keepDays, localCopy, lock }: Pick<ArchivalRules, 'keepDays' | 'localCopy' | 'lock'>,
  limits: Limits,
  { lockDays, lockRefusal }: Pick<ArchiveStore, 'lockDays' | 'lockRefusal'>,
): void {
  const { minKeepDays, maxKeepDays, mayDeleteLocal } = limits
  if (keepDays < minKeepDays || keepDays > maxKeepDays) {
    throw invalid(`It can be kept there for ${minKeepDays} to ${maxKeepDays} days, not for ${keepDays}.`, {
      field: 'keepDays',
      wayOut: 'Choose within that, or ask the provider for more.',
    })
  }
  if (localCopy === 'delete' && !mayDeleteLocal) {
    throw invalid('The provider does not allow that the local copy is deleted.', {
      field: 'localCopy',
      wayOut: 'Keep it, or mark it as invalid.',
    })
  }
  if (lock === null) return
  if (lockRefusal !== null) {
    throw invalid(`This archive store can’t keep objects from being deleted. ${lockRefusal}`, {
      field: 'lock',
      wayOut: 'Choose one with object lock, or do without.',
    })
  }
  if (lockDays === null) {
    throw invalid('The provider does not allow that archived objects are locked there.', {
      field: 'lock',
      wayOut: 'Ask for it, or do without.',
    })
  }
  if (keepDays > lockDays) {
    throw invalid(`Archived objects can be locked there for at most ${lockDays} days.`, {
      field: 'keepDays',
      wayOut: 'Keep them for less time, or do without the lock.',
    })
  }
}
