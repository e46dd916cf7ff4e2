import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { CheckpointFacts, SnapshotDefinition } from '#server/hypervisor/facts.ts'
import { withSnapshotSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { StepContext } from './define.ts'
import { type MovePlan, pathsOf } from './migration-plan.ts'

type Context = StepContext<unknown, object>

/**
 * libvirt moves no VM of which it knows snapshots. So the source tells them, forgets them while the VM moves, and the
 * destination takes them up; their data lies in the disks. Definitions may hold passwords: what is remembered is sealed.
 *
 * @returns the sealed definitions in base64, or null for a VM without any
 */
export async function setSnapshotsAside(context: Context, plan: MovePlan): Promise<string | null> {
  const source = await context.host(plan.sourceHostId)
  const found = await source.exportSnapshots(plan.uuid)
  return found.length > 0 ? Buffer.from(box().seal(found, context.operation.id)).toString('base64') : null
}

/**
 * Takes them up at the source again, or at the destination with the disks' new paths.
 * @param marks what the host may know of: of a VM that is off libvirt takes up no snapshot while it knows of marks
 * @returns how many
 */
export async function takeUpSnapshots(
  context: Context,
  plan: MovePlan,
  at: 'source' | 'destination',
  host: HypervisorHost,
  sealed: string,
  marks: readonly CheckpointFacts[] = [],
): Promise<number> {
  const found = box().open(Buffer.from(sealed, 'base64'), context.operation.id) as SnapshotDefinition[]
  const paths = at === 'destination' ? pathsOf(plan) : {}
  const located = found.map((each) => ({ ...each, xml: withSnapshotSources(each.xml, paths) }))
  const now = marks.length > 0 ? await host.readVm(plan.uuid) : null
  const known = new Set(now?.snapshots.map(({ name }) => name))
  if (now?.state === 'off' && found.some(({ name }) => !known.has(name))) {
    for (const { name } of marks.toReversed()) await host.deleteCheckpoint(plan.uuid, name, { metadataOnly: true })
  }
  await host.importSnapshots(plan.uuid, located)
  return found.length
}

const box = () => CredentialBox.fromText(env().SKERRY_KEY)
