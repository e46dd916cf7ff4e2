/**
 * Makes a datastore: its mark in the store first, then its row, so that a row always has its store. Run again it finds
 * the mark; a folder that can't be used is named and nothing is written.
 */
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
        await repositories.prepare(input.datastoreId, input.location)
        return { name: input.name }
      },
    },
    {
      name: 'record',
      do: async ({ db, input }) => {
        const { kind, ...location } = input.location
        await db.datastore.createMany({
          skipDuplicates: true,
          data: [{ id: input.datastoreId, name: input.name, kind, location }],
        })
        return undefined
      },
    },
  ],
})
