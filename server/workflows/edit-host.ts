/**
 * Changes how a host is named and reached: name, address, the address for migrations, the credential. A new address or
 * credential is tested first, and the machine that answers must be the same one. Whoever has a connection to the host
 * opens it anew as soon as the row is different.
 *
 * | the host                             | edit                                                       |
 * |--------------------------------------|------------------------------------------------------------|
 * | answers under what is new            | yes                                                        |
 * | does not                             | refused with the stage that failed; the old stays          |
 * | is another machine                   | refused                                                    |
 * | has an operation at work on it       | refused: it would lose its connection                      |
 * | is only to be renamed                | yes, reachable or not                                      |
 *
 * The row is changed in one statement at the end, so there is nothing to undo.
 */
import type { Tx } from '#server/db.ts'
import { conflict, notFound } from '#server/errors.ts'
import { EditHostPlan, type HostSummary } from '#server/schema/host-action.ts'
import { liveStates } from '#server/schema/operation.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { tryHost } from './test-host.ts'

type Context = StepContext<EditHostPlan, { facts: HostSummary }>

export const editHost = defineWorkflow<EditHostPlan, { facts: HostSummary }>({
  kind: 'edit-host',
  input: EditHostPlan,
  result: ({ facts }) => facts,
  steps: [
    { name: 'connect', do: connect },
    { name: 'edit', do: edit },
  ],
})

async function connect(context: Context) {
  const { db, input, operation } = context
  const host = await db.host.findUnique({ where: { id: operation.targetId } })
  if (!host) throw notFound('host', operation.targetId)
  await refuseBusy(db, operation, host.name)
  if (host.uri === input.uri && input.keepsAccess) return undefined
  const kept = host.credential ? Buffer.from(host.credential).toString('base64') : null
  const sealed = input.keepsAccess ? kept : input.sealed
  const facts = await tryHost({ ...context, input: { hostId: host.id, uri: input.uri, sealed } })
  if (host.hostUuid && host.hostUuid !== facts.hostUuid) {
    throw conflict(
      `Another machine answers there: ${facts.hostname}, not ${host.hostname ?? host.name}.`,
      'Add it as a host of its own. A host that was replaced is removed first.',
    )
  }
  return { facts }
}

async function edit({ db, input, operation }: Context) {
  const { name, uri, migrationUri, keepsAccess, sealed } = input
  const access = keepsAccess
    ? {}
    : { credential: sealed === null ? null : Uint8Array.from(Buffer.from(sealed, 'base64')) }
  await db.$transaction(async (tx) => {
    await refuseBusy(tx, operation, name)
    const twin = await tx.host.findFirst({ where: { id: { not: operation.targetId }, OR: [{ name }, { uri }] } })
    if (twin) throw conflict(`${twin.name} has this name or address already.`, 'Choose another one.')
    await tx.host.update({ where: { id: operation.targetId }, data: { name, uri, migrationUri, ...access } })
  })
  return undefined
}

/** @throws conflict while another operation needs the connection that is about to be replaced */
async function refuseBusy(tx: Tx, { id, targetId }: Context['operation'], name: string): Promise<void> {
  const busy = await tx.operation.findFirst({
    where: {
      id: { not: id },
      kind: { not: 'test-host' },
      state: { in: [...liveStates] },
      OR: [{ hostId: targetId }, { destinationHostId: targetId }],
    },
    select: { targetName: true },
  })
  if (busy) throw conflict(`${busy.targetName} has an operation running on ${name}.`, 'Wait until it has ended.')
}
