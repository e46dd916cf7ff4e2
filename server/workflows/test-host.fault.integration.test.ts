import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { testHost } from './test-host.ts'

proveWorkflow({
  workflow: testHost,
  hosts: ['a'],
  async arrange(fleet) {
    const { lab } = fleet.host('a')
    const uri = `qemu:///system?socket=${lab.socketPath}`
    const hostId = randomUUID()
    const before = await fleet.db.host.findMany()
    const guests = await lab.virsh('list', '--all', '--name')
    const changes = async () => {
      const extra = (await fleet.db.host.findMany()).filter(({ id }) => !before.some((row) => row.id === id))
      const found = extra.map((row) => `the row of ${row.name}`)
      return (await lab.virsh('list', '--all', '--name')) === guests ? found : [...found, 'other VMs']
    }
    return {
      ask: () =>
        fleet.ask({
          kind: 'test-host',
          target: { kind: 'host', id: hostId, name: uri },
          tenantId: null,
          input: { hostId, uri, sealed: null },
        }),
      async done(operation) {
        const hostUuid = /<uuid>(.*)<\/uuid>/.exec(await lab.virsh('capabilities'))?.[1]
        expect(operation.result).toMatchObject({ hostUuid, hostname: (await lab.virsh('hostname')).trim() })
        expect(await changes()).toEqual([])
      },
      remains: changes,
      clear: async () => undefined,
    }
  },
})
