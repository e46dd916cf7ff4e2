/**
 * Keeps a clone on its own: what it shares with its recovery point is copied into its disks while it runs. Then it is a
 * VM like any other, and the recovery point may go.
 *
 * | state         | keep on its own                                            |
 * |---------------|------------------------------------------------------------|
 * | running       | yes                                                        |
 * | anything else | refused: the hypervisor copies while it runs               |
 *
 * Cancelled or broken off, what was copied stays, the rest is shared as before, and the next time goes on there.
 */

import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { sharingDisks, withoutBacking } from '#server/hypervisor/libvirt/xml/backing.ts'
import { KeepCloneInput } from '#server/schema/backup.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { resumeStalled } from './clone-stall.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { Cancelled, pause } from './pause.ts'
import { vmRow } from './vm-on-host.ts'

type Memory = { copiedDisks: string[] }
type Context = StepContext<KeepCloneInput, Memory>

const pollMs = 500
/** The first read after a worker has gone fails, and has the hypervisor connect anew for the next. */
const mostBegins = 5

export const keepClone = defineWorkflow<KeepCloneInput, Memory>({
  kind: 'keep-clone',
  input: KeepCloneInput,
  noReturnAfter: 'copy',
  result: ({ copiedDisks }) => ({ copiedDisks }),
  steps: [
    { name: 'copy', do: copy, undo: stopCopying },
    {
      name: 'let go',
      do: async (context) => {
        const vm = await vmRow(context)
        const host = await context.host(vm.hostId)
        const definition = await host.readXml(vm.uuid, { secure: true, inactive: true })
        if (sharingDisks(definition).length > 0) await host.define(withoutBacking(definition))
        // Nobody looks after it as a clone from then on.
        await resumeStalled(host, vm.uuid)
        await context.db.vm.updateMany({
          where: { id: vm.id },
          data: { standsOnId: null, standsOnArchiveStoreId: null },
        })
        return undefined
      },
    },
  ],
})

async function copy(context: Context): Promise<Memory> {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  // Its reads failed while the worker was away.
  await resumeStalled(host, vm.uuid)
  const state = async () => (await host.readVm(vm.uuid))?.state ?? 'off'
  const ruling = vmRule({ state: await state(), standsOnId: vm.standsOnId }, 'keep')
  if (ruling !== true) throw conflict(`${vm.name} can’t be kept on its own now. ${ruling}`)
  const targets = sharingDisks(await host.readXml(vm.uuid, { secure: false }))
  try {
    for (const target of targets) await copyDisk(context, host, vm, target)
  } catch (error) {
    if (error instanceof Cancelled || (await state()) !== 'off') throw error
    throw conflict(`${vm.name} was switched off meanwhile.`, 'Start it, then try again: what was copied stays.')
  }
  return { copiedDisks: targets }
}

async function copyDisk(context: Context, host: HypervisorHost, vm: { uuid: string; name: string }, target: string) {
  let begins = 0
  let first: { at: number; bytes: number } | undefined
  for (;;) {
    if (context.signal.aborted) throw new Cancelled()
    const reading = await host.readPull(vm.uuid, target)
    if (reading.state === 'own') return
    if (reading.state === 'running') {
      const { doneBytes: done, totalBytes: total } = reading
      first ??= { at: performance.now(), bytes: done }
      const seconds = (performance.now() - first.at) / 1000
      const ratePerSecond = seconds > 0 ? (done - first.bytes) / seconds : null
      const remainingMs = ratePerSecond ? ((total - done) / ratePerSecond) * 1000 : null
      context.progress({ phase: `copying ${target}`, done, total, unit: 'bytes', ratePerSecond, remainingMs })
    } else {
      if (begins === mostBegins)
        throw conflict(`The copying of ${target} broke off.`, 'Try again: what was copied stays.')
      await host.beginPull(vm.uuid, target)
      begins++
    }
    await pause(pollMs, context.signal)
  }
}

async function stopCopying(context: Context): Promise<string | undefined> {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const facts = await host.readVm(vm.uuid)
  if (!facts || facts.state === 'off') return undefined
  for (const target of sharingDisks(await host.readXml(vm.uuid, { secure: false }))) {
    await host.abortPull(vm.uuid, target)
  }
  return 'stopped copying'
}
