import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { askCreate } from '#server/testing/new-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { createVm } from './create-vm.ts'

proveWorkflow({
  workflow: createVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const judge = judgeOf(fleet.host('a'), name)
    let vmId = ''
    return {
      async ask() {
        const { id, targetId } = await askCreate(fleet, name, { userData: '#cloud-config\n' })
        vmId = targetId
        return id
      },
      async done() {
        expect(await judge.running()).toEqual([name])
        expect((await judge.files()).map((file) => file.replace(/\.[0-9a-f]{12}\./, '.'))).toEqual([
          `${name}-seed.iso`,
          `${name}-vda.qcow2`,
        ])
        expect((await fleet.db.vm.findUniqueOrThrow({ where: { id: vmId } })).state).toBe('running')
      },
      async remains() {
        const row = await fleet.db.vm.findUnique({ where: { id: vmId } })
        return [...(await judge.known()), ...(await judge.files()), ...(row ? ['its row'] : [])]
      },
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id: vmId } })
      },
    }
  },
})
