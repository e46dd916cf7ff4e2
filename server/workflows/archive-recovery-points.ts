/**
 * Archives recovery points of a tenant as its policy wants: oldest first, each is sent to the archive store, read back
 * and compared there, locked where the policy says so, written down, and only then its copy in the datastore is deleted or
 * marked invalid. At every instant each of them is whole in at least one place. Then what has been kept for its time leaves
 * the archive.
 *
 * | broken off                    | the next run, or this one on another worker                             |
 * |-------------------------------|-------------------------------------------------------------------------|
 * | while it was sent             | sends what the archive store has not: nothing is stored twice           |
 * | sent, not yet proven          | proves it, sends nothing                                                |
 * | proven, not yet locked        | proves and locks it, sends nothing                                      |
 * | proven and written down       | lets the local copy go                                                  |
 *
 * Cancel ends it between two blocks and takes nothing back: what is archived is archived. What is read back and differs
 * is taken out of the archive again, and the local copy stays. A local copy that goes later than in the run that sent it
 * goes only once the archive has shown again that it has all of it. A local copy that is damaged keeps no other from being
 * archived; the run fails when those are done.
 */
import { ArchivePlan } from '#server/schema/archive.ts'
import { archive } from './archive/archive.ts'
import type { ArchiveMemory } from './archive/context.ts'
import { expire } from './archive/expire.ts'
import { plan } from './archive/plan.ts'
import { defineWorkflow } from './define.ts'

export const archiveRecoveryPoints = defineWorkflow<ArchivePlan, ArchiveMemory>({
  kind: 'archive-recovery-points',
  input: ArchivePlan,
  result: ({ archived = 0, archivedBytes = 0, released = 0, expired = 0, left = [], locked = null }) => ({
    ...{ archived, archivedBytes, released, expired, left, locked },
  }),
  steps: [
    { name: 'plan', do: plan },
    { name: 'archive', do: archive },
    { name: 'expire', do: expire },
  ],
})
