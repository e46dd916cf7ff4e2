/**
 * Makes a datastore: its mark in the store first, then its row, so that a row always has its store. Run again it finds
 * the mark; a store that can't be used is named and nothing is kept. The credential lies sealed in the operation.
 */
import { columnOf } from '#server/core/store-credential.ts'
import { AddDatastorePlan } from '#server/schema/backup.ts'
import { defineWorkflow } from './define.ts'

export const addDatastore = defineWorkflow<AddDatastorePlan, { name: string }>({
  kind: 'add-datastore',
  input: AddDatastorePlan,
  result: ({ name }) => ({ name }),
  steps: [
    {
      name: 'prepare the store',
      do: async ({ repositories, input, progress }) => {
        progress({ phase: 'writing to it' })
        const { datastoreId: storeId, location, sealed } = input
        await repositories.prepare({ storeId, location, sealed })
        return { name: input.name }
      },
    },
    {
      name: 'record',
      do: async ({ db, input }) => {
        const { kind, ...location } = input.location
        const { datastoreId: id, name, sealed } = input
        await db.datastore.createMany({
          skipDuplicates: true,
          data: [{ id, name, kind, location, credential: columnOf(sealed) }],
        })
        return undefined
      },
    },
  ],
})
