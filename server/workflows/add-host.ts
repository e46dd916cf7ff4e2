/**
 * Adds a host to a site after a successful test. A worker then keeps its rows in step by itself.
 *
 * | the host                  | add                                  |
 * |---------------------------|--------------------------------------|
 * | does not answer           | refused with the stage that failed   |
 * | is in the fleet already   | refused, naming it                   |
 * | new                       | yes                                  |
 *
 * Undo removes the row.
 */
import { conflict } from '#server/errors.ts'
import { AddHostPlan, type HostSummary } from '#server/schema/host-action.ts'
import { defineWorkflow } from './define.ts'
import { tryHost } from './test-host.ts'

export const addHost = defineWorkflow<AddHostPlan, { facts: HostSummary }>({
  kind: 'add-host',
  input: AddHostPlan,
  result: ({ facts }) => facts,
  steps: [
    {
      name: 'connect',
      do: async (context) => {
        const facts = await tryHost(context)
        const twin = await context.db.host.findFirst({
          where: { hostUuid: facts.hostUuid, id: { not: context.input.hostId } },
          select: { name: true },
        })
        if (twin)
          throw conflict(`This host is in the fleet already, as ${twin.name}.`, 'Change its address there instead.')
        return { facts }
      },
    },
    {
      name: 'add',
      do: async ({ db, input, memory }) => {
        const facts = memory.facts
        if (!facts) throw new Error('the test comes first')
        const { kvmOffered: _, memoryBytes, ...known } = facts
        const data = {
          ...known,
          memoryBytes: BigInt(memoryBytes),
          siteId: input.siteId,
          name: input.name,
          uri: input.uri,
          migrationUri: input.migrationUri ?? migrationUriOf(input.uri, facts.hostname),
          credential: input.sealed === null ? null : Uint8Array.from(Buffer.from(input.sealed, 'base64')),
        }
        await db.host.upsert({ where: { id: input.hostId }, create: { id: input.hostId, ...data }, update: data })
        return undefined
      },
      undo: async ({ db, input }) => {
        const { count } = await db.host.deleteMany({ where: { id: input.hostId } })
        return count > 0 ? 'took the host out again' : undefined
      },
    },
  ],
})

/** Other hosts reach it as Skerry does; one that Skerry reaches locally, by its name with TLS. */
function migrationUriOf(uri: string, hostname: string): string | null {
  if (/^qemu\+(tls|ssh):/.test(uri)) return uri
  return uri.startsWith('qemu') ? `qemu+tls://${hostname}/system` : null
}
