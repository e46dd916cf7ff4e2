/**
 * Takes a datastore out of the fleet, and its own files out of its store; other datastores there stay.
 *
 * | the datastore                                | remove                                                   |
 * |----------------------------------------------|----------------------------------------------------------|
 * | has recovery points, or policies that use it | refused                                                  |
 * | has an operation at work in it               | refused                                                  |
 * | holds recovery points that Skerry does not know | refused: they may be another console's                |
 * | can't be reached                             | refused, unless its files may stay where they are        |
 * | is empty                                     | yes: its row first, so that nobody writes there any more |
 *
 * Undo puts the row back. Its mark is the last thing that is deleted.
 */
import { demandEmpty, operationAtWorkIn } from '#server/core/datastore.ts'
import { columnOf } from '#server/core/store-credential.ts'
import { conflict } from '#server/errors.ts'
import { Datastore } from '#server/repository/datastore.ts'
import { RemoveDatastorePlan } from '#server/schema/backup.ts'
import { defineWorkflow, type StepContext } from './define.ts'

type Context = StepContext<RemoveDatastorePlan, object>

export const removeDatastore = defineWorkflow<RemoveDatastorePlan, object>({
  kind: 'remove-datastore',
  input: RemoveDatastorePlan,
  steps: [
    { name: 'look', do: look },
    { name: 'forget', do: forget, undo: remember },
    { name: 'empty the store', do: empty },
  ],
})

const placeOf = ({ operation, input }: Context) => ({
  ...{ storeId: operation.targetId, location: input.location, sealed: input.sealed },
  name: `datastore ${input.name}`,
})

async function look(context: Context): Promise<undefined> {
  const { db, input, operation, repositories } = context
  await operationAtWorkIn(db, operation)
  await demandEmpty(db, { id: operation.targetId, name: input.name })
  if (input.leaveFiles) return undefined
  const unknown = await repositories.withStore(placeOf(context), (store) =>
    Datastore.recoveryPointCount(store, operation.targetId),
  )
  if (unknown === 0) return undefined
  throw conflict(
    `The datastore ${input.name} holds ${unknown} recovery ${unknown === 1 ? 'point' : 'points'} that Skerry does not know.`,
    'Remove it and leave its files, or delete them in its store by hand.',
  )
}

async function forget({ db, operation, input }: Context): Promise<undefined> {
  await db.$transaction(async (tx) => {
    await operationAtWorkIn(tx, operation)
    await demandEmpty(tx, { id: operation.targetId, name: input.name })
    await tx.datastore.deleteMany({ where: { id: operation.targetId } })
  })
  return undefined
}

async function remember({ db, operation, input }: Context): Promise<string | undefined> {
  const { kind, ...location } = input.location
  const row = { id: operation.targetId, name: input.name, kind, location, credential: columnOf(input.sealed) }
  const { count } = await db.datastore.createMany({ skipDuplicates: true, data: [row] })
  return count > 0 ? 'put the datastore back' : undefined
}

async function empty(context: Context): Promise<undefined> {
  const { input, operation, repositories } = context
  if (input.leaveFiles) return undefined
  await repositories.withStore(placeOf(context), (store) => Datastore.remove(store, operation.targetId))
  return undefined
}
