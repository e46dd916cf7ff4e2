import type { policy } from '#server/schema/policy.ts'

type Kind = keyof typeof policy

const words: Record<Kind, { one: string; many: string }> = {
  vm: { one: 'VM', many: 'VMs' },
  'protection-policy': { one: 'protection policy', many: 'protection policies' },
  operation: { one: 'operation', many: 'operations' },
  fleet: { one: 'fleet', many: 'the fleet' },
  site: { one: 'site', many: 'sites' },
  link: { one: 'link', many: 'links' },
  host: { one: 'host', many: 'hosts' },
  storage: { one: 'storage', many: 'storage' },
  network: { one: 'network', many: 'networks' },
  datastore: { one: 'datastore', many: 'datastores' },
  'archive-store': { one: 'archive store', many: 'archive stores' },
  archive: { one: 'archive', many: 'archives' },
  template: { one: 'template', many: 'templates' },
  tenant: { one: 'tenant', many: 'tenants' },
  member: { one: 'member', many: 'members' },
  audit: { one: 'audit', many: 'the audit' },
  user: { one: 'person', many: 'people' },
  session: { one: 'session', many: 'sessions' },
  'api-key': { one: 'API key', many: 'API keys' },
  'saved-view': { one: 'saved view', many: 'saved views' },
}

/** What was acted on, as the console calls it. */
export const resourceWord = (kind: string): string => words[kind as Kind]?.one ?? kind.replaceAll('-', ' ')
export const resourceOptions = Object.entries(words).map(([id, { many }]) => ({ id, label: `On ${many}` }))
