import { expect } from 'vitest'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { measureVm } from './measure-vm.ts'

proveWorkflow({
  workflow: measureVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const { host, judge, ask, clear } = await trialVm(fleet, name, 'running')
    const { lab } = host
    const process = () => lab.run('cat', `/run/libvirt/qemu/${name}.pid`)
    const before = { xml: await judge.xml(name, '--inactive'), files: await judge.files(), process: await process() }
    const changes = async () => {
      const found: string[] = []
      if ((await lab.virsh('domstate', name)).trim() !== 'running') found.push('it does not run')
      if ((await process()) !== before.process) found.push('it was started anew')
      if ((await judge.xml(name, '--inactive')) !== before.xml) found.push('another definition')
      const extra = (await judge.files()).filter((file) => !before.files.includes(file))
      return [...found, ...extra]
    }
    return {
      clear,
      ask: () => ask('measure-vm', { measureMs: 1_000 }),
      async done(operation) {
        expect(operation.result).toMatchObject({ measuredMs: 1_000, bytesPerSecond: expect.any(Number) })
        const stats = await lab.virsh('domstats', '--dirtyrate', name)
        expect(stats).toContain('dirtyrate.calc_status=2')
        expect(await changes()).toEqual([])
      },
      remains: changes,
    }
  },
})
