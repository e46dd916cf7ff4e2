import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { addHost } from './add-host.ts'

proveWorkflow({
  workflow: addHost,
  hosts: ['a'],
  async arrange(fleet, name) {
    const hostId = randomUUID()
    const late = await fleet.lab.addHost({ name: name.replace('add-host', 'late') })
    const uri = `qemu:///system?socket=${late.socketPath}`
    const site = await fleet.db.site.findFirstOrThrow()
    const rows = () => fleet.db.host.findMany({ where: { uri } })
    return {
      ask: () =>
        fleet.ask({
          kind: 'add-host',
          target: { kind: 'host', id: hostId, name },
          tenantId: null,
          input: { hostId, uri, sealed: null, name, siteId: site.id, migrationUri: late.tlsUri },
        }),
      async done() {
        const [row, ...more] = await rows()
        expect(more).toEqual([])
        const uuid = /<uuid>(.*)<\/uuid>/.exec(await late.virsh('capabilities'))?.[1]
        expect(row).toMatchObject({ id: hostId, name, hostUuid: uuid, hostname: late.name, migrationUri: late.tlsUri })
      },
      remains: async () => (await rows()).map((row) => `the row of ${row.name}`),
      async clear() {
        await fleet.db.host.deleteMany({ where: { uri } })
        await late.powerOff()
      },
    }
  },
})
