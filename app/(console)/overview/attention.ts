import { operationTarget, operationWord } from '#components/operation/operation-words.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { formatCount, formatCounted, formatPercent } from '#components/ui/format.ts'
import { fullFrom } from '#components/ui/full-from.ts'
import type { VisualState } from '#components/ui/state.ts'
import type { OperationRow } from '#server/schema/operation.ts'
import type { SiteCapacity } from '#server/schema/site.ts'
import type { VmRow } from '#server/schema/vm.ts'

type Places = Outputs['fleet']['places']
type Tenant = Outputs['tenant']['list'][number]

/** Something that is not as it should be, and where to see to it. */
export interface AttentionItem {
  id: string
  look: VisualState
  /** What it is about; the link's text */
  name: string
  text: string
  detail?: string | undefined
  at?: Date | string
  href: string
}

/** A quota is nearly full from this share on. */
const nearlyFull = 0.9
/** VMs in one state that are named one by one; more than these become one line. */
const namedVms = 4

const quotaWords = [
  ['vms', 'VMs'],
  ['vcpus', 'vCPUs'],
  ['memoryBytes', 'memory'],
  ['diskBytes', 'disk'],
  ['snapshots', 'snapshots'],
] as const

export function quotaItems(tenants: readonly Tenant[]): AttentionItem[] {
  return tenants.flatMap(({ id, name, use, quotas }) => {
    const full = quotaWords.flatMap(([key, word]) => {
      const limit = quotas[key]
      const share = limit === null || !use ? 0 : Number(limit) === 0 ? 0 : Number(use[key]) / Number(limit)
      return share >= nearlyFull ? [{ word, share }] : []
    })
    if (full.length === 0) return []
    const isOver = full.some(({ share }) => share > 1)
    return [
      {
        id: `quota ${id}`,
        look: isOver ? 'failed' : 'degraded',
        name,
        text: isOver ? 'is over its quota' : 'has nearly used up its quota',
        detail: full.map(({ word, share }) => `${word} ${formatPercent(share)}`).join(', '),
        href: `/tenants/${id}`,
      } satisfies AttentionItem,
    ]
  })
}

/** Operators go to the host; others, who can't see it, to their VMs on it. */
export function hostItems(hosts: Places['hosts'], operator: boolean): AttentionItem[] {
  return hosts.flatMap((host): AttentionItem[] => {
    const href = operator ? `/hosts/${host.id}` : `/fleet?filter=host:${host.name}`
    const about = { id: `host ${host.id}`, name: host.name, href }
    if (host.state === 'unreachable') {
      const detail = host.stateReason ?? undefined
      return [{ ...about, look: 'failed', text: 'can’t be reached', detail, at: host.stateSince }]
    }
    return host.draining ? [{ ...about, look: 'degraded', text: 'is drained: it takes no new VMs' }] : []
  })
}

export function vmItems(vms: readonly VmRow[], total: { crashed: number; unknown: number }): AttentionItem[] {
  const states = [
    { state: 'crashed', look: 'failed', one: 'crashed', many: 'VMs crashed' },
    { state: 'unknown', look: 'unknown', one: 'is in an unknown state', many: 'VMs are in an unknown state' },
  ] as const
  return states.flatMap(({ state, look, one, many }): AttentionItem[] => {
    const found = vms.filter((vm) => vm.state === state)
    if (total[state] > namedVms) {
      const href = `/fleet?filter=state:${state}`
      return [{ id: `vms ${state}`, look, name: `${formatCount(total[state])} ${many}`, text: '', href }]
    }
    return found.map((vm) => ({
      id: `vm ${vm.id}`,
      look,
      name: vm.name,
      text: one,
      detail: vm.stateReason ?? undefined,
      at: vm.stateSince,
      href: `/vms/${vm.id}`,
    }))
  })
}

type Protection = Outputs['protection']['counts']['byState']

/** VMs that no policy takes, or whose backups are not as their policies want; one line for each state. */
export function protectionItems(counts: Pick<Protection, 'failing' | 'late' | 'unprotected'>): AttentionItem[] {
  const { failing, late, unprotected } = counts
  const line = (state: keyof typeof counts, look: VisualState, count: number, text: string): AttentionItem[] => {
    const name = formatCounted(count, 'VM')
    return count === 0 ? [] : [{ id: `protection ${state}`, look, name, text, href: `/protection?state=${state}` }]
  }
  return [
    ...line('failing', 'failed', failing, failing === 1 ? 'fails to be backed up' : 'fail to be backed up'),
    ...line('late', 'degraded', late, late === 1 ? 'is late with its backup' : 'are late with their backups'),
    ...line('unprotected', 'off', unprotected, unprotected === 1 ? 'is not protected' : 'are not protected'),
  ]
}

/** VMs whose backups did not boot when they were last tested. */
export function bootTestItems({ failed }: { failed: number }): AttentionItem[] {
  if (failed === 0) return []
  const name = formatCounted(failed, 'VM')
  return [
    { id: 'boot tests', look: 'failed', name, text: 'failed the last boot test', href: '/protection?boot=failed' },
  ]
}

/** A CPU that is full for a shorter time has something to do, which is what it is there for. */
const cpuFullForMs = 10 * 60_000

/** Sites without room, by the same measure as their bars; more vCPUs than CPUs may be promised. */
export function capacityItems(
  sites: Places['sites'],
  capacities: readonly SiteCapacity[],
  nowMs: number,
): AttentionItem[] {
  return capacities.flatMap((capacity): AttentionItem[] => {
    const site = sites.find(({ id }) => id === capacity.siteId)
    if (!site) return []
    const { cpus, cpusUsed, cpuFullSince, memoryBytes, memoryUsedBytes, memoryPromisedBytes } = capacity
    const isLong = cpuFullSince !== null && nowMs - cpuFullSince.getTime() >= cpuFullForMs
    const full = [
      { word: 'CPU used', share: cpus > 0 && isLong ? cpusUsed / cpus : 0 },
      { word: 'memory used', share: memoryBytes > 0 ? memoryUsedBytes / memoryBytes : 0 },
      { word: 'memory promised', share: memoryBytes > 0 ? memoryPromisedBytes / memoryBytes : 0 },
    ].filter(({ share }) => share >= fullFrom)
    if (full.length === 0) return []
    const detail = full.map(({ word, share }) => `${word} ${formatPercent(share)}`).join(', ')
    const about = { id: `capacity ${site.id}`, name: site.name, href: `/sites/${site.id}` }
    return [{ ...about, look: 'degraded', text: 'has hardly any room left', detail }]
  })
}

type Datastore = Outputs['datastore']['list'][number]

/** Datastores that backups can't count on: the worst of each. */
export function datastoreItems(datastores: readonly Pick<Datastore, DatastoreFacts>[]): AttentionItem[] {
  return datastores.flatMap(({ id, name, state, stateReason, damaged, isNearlyFull }): AttentionItem[] => {
    const about = { id: `datastore ${id}`, name, href: `/datastores/${id}` }
    const detail = stateReason ?? undefined
    if (state === 'unreachable') return [{ ...about, look: 'failed', text: 'can’t be reached', detail }]
    if (damaged > 0) return [{ ...about, look: 'failed', text: 'holds damaged backups' }]
    if (state === 'read_only') return [{ ...about, look: 'failed', text: 'can’t be written to', detail }]
    return isNearlyFull ? [{ ...about, look: 'degraded', text: 'is nearly full' }] : []
  })
}
type DatastoreFacts = 'id' | 'name' | 'state' | 'stateReason' | 'damaged' | 'isNearlyFull'

export const operationItems = (operations: readonly OperationRow[]) =>
  operations.map(
    (operation): AttentionItem => ({
      id: `operation ${operation.id}`,
      look: 'failed',
      name: `${operationWord(operation)} ${operationTarget(operation)}`,
      text: 'failed',
      detail: operation.error?.message,
      at: operation.finishedAt ?? operation.createdAt,
      href: `/operations?open=${operation.id}`,
    }),
  )
