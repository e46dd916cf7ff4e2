import { conflict } from '#server/errors.ts'
import { withDiskSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { StepContext } from './define.ts'
import { requireSameFiles, requireUntouched } from './migration-chain.ts'
import { type MovePlan, pathsOf } from './migration-plan.ts'
import { readWhereabouts } from './migration-whereabouts.ts'
import { Cancelled } from './pause.ts'

/** Moves the definition of a VM that is off; its disks are there already. Both hosts know it for a moment. */
export async function moveOff(
  context: StepContext<unknown, object>,
  plan: MovePlan,
): Promise<{ postCopy: false; last: null }> {
  const source = await context.host(plan.sourceHostId)
  const destination = await context.host(plan.destinationHostId)
  if ((await readWhereabouts(source, destination, plan)) === 'moved') return { postCopy: false, last: null }
  const facts = await source.readVm(plan.uuid)
  if (facts?.state !== 'off') {
    throw conflict(
      'The VM was started meanwhile, so its copied disks are out of date.',
      'Try again: it then moves live.',
    )
  }
  requireSameFiles(plan, facts.disks)
  await requireUntouched(source, plan)
  if (context.signal.aborted) throw new Cancelled()
  context.progress({ phase: 'switching over' })
  const definition = await source.readXml(plan.uuid, { secure: true, inactive: true, migratable: true })
  await destination.define(withDiskSources(definition, pathsOf(plan)))
  await destination.setAutostart(plan.uuid, facts.autostart)
  await source.undefine(plan.uuid)
  return { postCopy: false, last: null }
}
