import { type VmSortKey, vmSortKeys } from '#server/schema/vm.ts'

/** Who asks: somebody of the tenant with most VMs, of one with few, of three tenants, or an operator. */
export type Asker = 'member' | 'small' | 'several' | 'operator'

export interface ListCase {
  asker: Asker
  filter: string
  sort: { key: VmSortKey; descending: boolean }
  /** 0 is the first page; 0.9 is where nine tenths of the rows lie before */
  depth: number
}

const byName = { key: 'name', descending: false } as const

/** One of each kind of filter, from those that nearly every VM passes to those that nearly none does. */
const filters = [
  'state:running',
  'state:crashed',
  'site:site-7',
  'host:host-0042',
  'tag:prod',
  'tag:team-40',
  'tag:pci',
  'mem>=64GiB',
  'vcpu>16',
  'cpu>95',
  'name:web',
  'db-prod-012',
  'ip:10.0.7',
  'is:protected',
  'is:busy',
  'state:running tag:prod,stage mem>16GiB web',
]

export function listCases(): ListCase[] {
  const both: Asker[] = ['member', 'operator']
  return [
    ...both.flatMap((asker) => [
      ...vmSortKeys.map((key) => ({ asker, filter: '', sort: { key, descending: key === 'cpu' }, depth: 0 })),
      ...vmSortKeys.map((key) => ({ asker, filter: '', sort: { key, descending: key === 'cpu' }, depth: 0.9 })),
      ...filters.map((filter) => ({ asker, filter, sort: byName, depth: 0 })),
      { asker, filter: 'state:running', sort: byName, depth: 0.9 },
      { asker, filter: 'tag:prod', sort: { key: 'memory' as const, descending: true }, depth: 0.9 },
    ]),
    { asker: 'operator', filter: 'is:unassigned', sort: byName, depth: 0 },
    { asker: 'operator', filter: 'is:unassigned', sort: { key: 'memory', descending: true }, depth: 0.9 },
    { asker: 'small', filter: '', sort: byName, depth: 0 },
    { asker: 'small', filter: 'state:off', sort: { key: 'memory', descending: true }, depth: 0 },
    { asker: 'several', filter: '', sort: byName, depth: 0.9 },
    { asker: 'several', filter: 'tag:prod', sort: { key: 'site', descending: false }, depth: 0 },
  ]
}
