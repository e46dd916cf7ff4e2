import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { drainHost } from './drain-host.ts'

proveWorkflow({
  workflow: drainHost,
  hosts: ['a', 'b'],
  finalStep: 'move',
  async arrange(fleet, name) {
    const [a, b] = [fleet.host('a'), fleet.host('b')]
    const [here, there] = [judgeOf(a, name), judgeOf(b, name)]
    const guests = [`${name}-x`, `${name}-y`]
    for (const guest of guests) {
      const { uuid } = await createGuest(a.lab, { name: guest, memoryMib: 96, isEmpty: true })
      await writeVolumeRows(fleet.db, a.id)
      await writeVmRow(fleet.db, a.id, uuid)
    }
    const draining = async () => (await fleet.db.host.findUniqueOrThrow({ where: { id: a.id } })).draining
    return {
      ask: () =>
        fleet.ask({
          kind: 'drain-host',
          target: { kind: 'host', id: a.id, name: 'a' },
          tenantId: null,
          hostId: a.id,
          input: {},
        }),
      async done(operation) {
        expect(operation.result).toMatchObject({ moved: 2, stayed: [] })
        expect(await here.known()).toEqual([])
        expect(await here.files()).toEqual([])
        expect((await there.known()).sort()).toEqual(guests)
        expect(await there.files()).toHaveLength(2)
        expect(await draining()).toBe(true)
        expect(await fleet.db.operation.count({ where: { parentId: operation.id } })).toBe(2)
      },
      async remains() {
        const moved = await there.known()
        return (await draining()) ? [...moved, 'still draining'] : moved
      },
      async clear() {
        await here.clear()
        await there.clear()
        await fleet.db.vm.deleteMany({ where: { name: { in: guests } } })
        await fleet.db.host.update({ where: { id: a.id }, data: { draining: false } })
      },
    }
  },
})
