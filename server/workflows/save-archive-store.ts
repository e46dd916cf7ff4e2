/**
 * Sets an archive store up, new or changed: it is reached and tried before anything is kept, and a new one gets its mark
 * first, so that a row always has its store. The credential lies sealed in the operation.
 *
 * | the store     | save                                                                             |
 * |---------------|----------------------------------------------------------------------------------|
 * | new           | its folder is made, its mark put, then its row                                    |
 * | there already | what is given is tried: the mark must be there, so nobody's archive is lost sight of |
 */
import { columnOf } from '#server/core/store-credential.ts'
import { SaveArchiveStorePlan } from '#server/schema/archive.ts'
import { defineWorkflow } from './define.ts'

export const saveArchiveStore = defineWorkflow<SaveArchiveStorePlan, { name: string }>({
  kind: 'save-archive-store',
  input: SaveArchiveStorePlan,
  result: ({ name }) => ({ name }),
  steps: [
    {
      name: 'try the store',
      do: async ({ repositories, input, progress }) => {
        progress({ phase: 'writing to it' })
        const { archiveStoreId: storeId, location, sealed, isNew, name } = input
        if (isNew) await repositories.prepare({ storeId, location, sealed })
        else await repositories.assertThere({ storeId, location, sealed })
        return { name }
      },
    },
    {
      name: 'record',
      do: async ({ db, input }) => {
        const { archiveStoreId: id, isNew: _, sealed, location, ...fields } = input
        const { kind, ...place } = location
        const data = { ...fields, kind, location: place, credential: columnOf(sealed) }
        await db.archiveStore.upsert({ where: { id }, create: { id, ...data }, update: data })
        return undefined
      },
    },
  ],
})
