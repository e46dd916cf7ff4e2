/**
 * Changes how a datastore is named and reached: name, folder or bucket, address, credential. What is new is tried first,
 * and the same datastore must be there: moving its files is not done here. Workers open it anew as soon as its row is
 * different.
 *
 * | the datastore                       | edit                                                        |
 * |-------------------------------------|-------------------------------------------------------------|
 * | is there, by what is new            | yes                                                         |
 * | is not, or is another one           | refused with what stands in the way; the old stays          |
 * | has an operation at work in it      | refused: it would write to both places                      |
 * | is only to be renamed               | yes, reachable or not                                       |
 *
 * The row is changed in one statement at the end, so there is nothing to undo.
 */
import { operationAtWorkIn } from '#server/core/datastore.ts'
import { columnOf, sealedOf } from '#server/core/store-credential.ts'
import { conflict, notFound } from '#server/errors.ts'
import { EditDatastorePlan } from '#server/schema/backup.ts'
import { defineWorkflow, type StepContext } from './define.ts'

type Context = StepContext<EditDatastorePlan, object>

export const editDatastore = defineWorkflow<EditDatastorePlan, object>({
  kind: 'edit-datastore',
  input: EditDatastorePlan,
  steps: [
    { name: 'look there', do: look },
    { name: 'edit', do: edit },
  ],
})

async function look({ db, input, operation, repositories }: Context): Promise<undefined> {
  const row = await db.datastore.findUnique({ where: { id: operation.targetId } })
  if (!row) throw notFound('datastore', operation.targetId)
  if (input.isRename) return undefined
  await operationAtWorkIn(db, operation)
  const sealed = input.keepsAccess ? sealedOf(row.credential) : input.sealed
  await repositories.assertThere({ storeId: row.id, location: input.location, sealed })
  return undefined
}

async function edit({ db, input, operation }: Context): Promise<undefined> {
  const { name, isRename, keepsAccess, sealed } = input
  const { kind, ...location } = input.location
  await db.$transaction(async (tx) => {
    if (!isRename) await operationAtWorkIn(tx, operation)
    const twin = await tx.datastore.findFirst({ where: { id: { not: operation.targetId }, name } })
    if (twin) throw conflict(`There is a datastore ${name} already.`, 'Choose another name.')
    const access = keepsAccess ? {} : { credential: columnOf(sealed) }
    const place = isRename ? {} : { kind, location, ...access }
    await tx.datastore.update({ where: { id: operation.targetId }, data: { name, ...place } })
  })
  return undefined
}
