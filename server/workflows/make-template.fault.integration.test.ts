import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { mib } from '#server/testing/new-vm.ts'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { makeTemplate } from './make-template.ts'

proveWorkflow({
  workflow: makeTemplate,
  hosts: ['a'],
  async arrange(fleet, name) {
    const { host, judge, guest, ask, clear } = await trialVm(fleet, name, 'off')
    const templateId = randomUUID()
    const volumeRows = () => fleet.db.volume.findMany({ where: { storagePool: { hostId: host.id } } })
    const before = { xml: await judge.xml(name), files: await judge.files(), rows: await volumeRows() }
    const added = async () => (await judge.files()).filter((file) => !before.files.includes(file))
    const addedRows = async () => (await volumeRows()).filter(({ id }) => !before.rows.some((row) => row.id === id))
    return {
      ask: () =>
        ask('make-template', {
          ...{ templateId, hostId: host.id, poolName: 'default', name: `${name} Image`, description: '' },
          ...{ operatingSystem: 'Linux', cloudInit: true, defaultVcpus: 1 },
          ...{ minMemoryBytes: 96 * mib, minDiskBytes: 64 * mib },
        }),
      async done() {
        const [image, ...more] = await added()
        expect(more).toEqual([])
        const path = `/var/lib/libvirt/images/${image}`
        expect(await host.lab.run('qemu-img', 'compare', path, guest.diskPath)).toContain('identical')
        const row = await fleet.db.template.findUniqueOrThrow({ where: { id: templateId } })
        expect(row).toMatchObject({ name: `${name} Image`, poolName: 'default', volumeName: image })
        expect(await addedRows()).toMatchObject([{ name: image, path }])
        expect(await judge.xml(name)).toBe(before.xml)
      },
      async remains() {
        const row = await fleet.db.template.findUnique({ where: { id: templateId } })
        const rows = (await addedRows()).map((each) => `the row of ${each.name}`)
        return [...(await added()), ...rows, ...(row ? ['its row'] : [])]
      },
      async clear() {
        await clear()
        await fleet.db.template.deleteMany({ where: { id: templateId } })
        await fleet.db.volume.deleteMany({ where: { id: { in: (await addedRows()).map(({ id }) => id) } } })
      },
    }
  },
})
