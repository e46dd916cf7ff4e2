import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { createGuest } from '#lab/guest/guest.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { mib } from '#server/testing/new-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { makeTemplate } from './make-template.ts'

proveWorkflow({
  workflow: makeTemplate,
  hosts: ['a'],
  async arrange(fleet, name) {
    const a = fleet.host('a')
    const judge = judgeOf(a, name)
    const original = await createGuest(a.lab, { name: `${name}-first`, memoryMib: 96 })
    const vmId = await writeVmRow(fleet.db, a.id, original.uuid)
    const before = { xml: await judge.xml(`${name}-first`), files: await judge.files() }
    const templateId = randomUUID()
    const added = async () => (await judge.files()).filter((file) => !before.files.includes(file))
    return {
      ask: () =>
        fleet.ask({
          kind: 'make-template',
          target: { kind: 'vm', id: vmId, name: `${name}-first` },
          tenantId: null,
          hostId: a.id,
          input: {
            ...{ templateId, hostId: a.id, poolName: 'default', name: `${name} Image`, description: '' },
            ...{ operatingSystem: 'Linux', cloudInit: true, defaultVcpus: 1 },
            ...{ minMemoryBytes: 96 * mib, minDiskBytes: 64 * mib },
          },
        }),
      async done() {
        const [image, ...more] = await added()
        expect(more).toEqual([])
        const path = `/var/lib/libvirt/images/${image}`
        expect(await a.lab.run('qemu-img', 'compare', path, original.diskPath)).toContain('identical')
        const row = await fleet.db.template.findUniqueOrThrow({ where: { id: templateId } })
        expect(row).toMatchObject({ name: `${name} Image`, poolName: 'default', volumeName: image })
        expect(await judge.xml(`${name}-first`)).toBe(before.xml)
      },
      async remains() {
        const row = await fleet.db.template.findUnique({ where: { id: templateId } })
        return [...(await added()), ...(row ? ['its row'] : [])]
      },
      async clear() {
        await judge.clear()
        await fleet.db.template.deleteMany({ where: { id: templateId } })
        await fleet.db.vm.deleteMany({ where: { id: vmId } })
      },
    }
  },
})
