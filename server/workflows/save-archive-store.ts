/**
 * Sets an archive store up, new or changed: it is reached and tried before anything is kept, and a new one gets its mark
 * first, so that a row always has its store. Whether it can lock objects is tried too. The credential lies sealed in the
 * operation.
 *
 * | the store     | save                                                                             |
 * |---------------|----------------------------------------------------------------------------------|
 * | new           | its folder is made, its mark put, then its row                                    |
 * | there already | what is given is tried: the mark must be there, so nobody's archive is lost sight of |
 */
import { columnOf } from '#server/core/store-credential.ts'
import { conflict } from '#server/errors.ts'
import { tryLock } from '#server/repository/store-trial.ts'
import { SaveArchiveStorePlan } from '#server/schema/archive.ts'
import { defineWorkflow } from './define.ts'

export const saveArchiveStore = defineWorkflow<SaveArchiveStorePlan, { name: string; lockRefusal: string | null }>({
  kind: 'save-archive-store',
  input: SaveArchiveStorePlan,
  result: ({ name }) => ({ name }),
  steps: [
    {
      name: 'try the store',
      do: async ({ repositories, input, progress }) => {
        progress({ phase: 'writing to it' })
        const { archiveStoreId: storeId, location, sealed, isNew, name, lockDays } = input
        if (isNew) await repositories.prepare({ storeId, location, sealed })
        else await repositories.assertThere({ storeId, location, sealed })
        progress({ phase: 'locking' })
        const lockRefusal = await repositories.withStore({ storeId, location, sealed }, tryLock)
        if (lockDays !== null && lockRefusal !== null) {
          throw conflict(
            `Nothing can be locked in it. ${lockRefusal}`,
            'Make a bucket with object lock, or save it without letting tenants lock what they archive.',
          )
        }
        return { name, lockRefusal }
      },
    },
    {
      name: 'record',
      do: async ({ db, input, memory }) => {
        const { archiveStoreId: id, isNew: _, sealed, location, ...fields } = input
        const { kind, ...place } = location
        const lockRefusal = memory.lockRefusal ?? null
        const data = { ...fields, kind, location: place, credential: columnOf(sealed), lockRefusal }
        await db.archiveStore.upsert({ where: { id }, create: { id, ...data }, update: data })
        return undefined
      },
    },
  ],
})
