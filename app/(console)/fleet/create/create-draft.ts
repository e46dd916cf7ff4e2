import type { Outputs } from '#components/trpc/client.tsx'
import { Tag } from '#server/schema/vm.ts'
import { type CreateVmInput, VmName } from '#server/schema/vm-action.ts'

export type Template = Outputs['template']['list'][number]

/** The form as it stands. Sizes in bytes. */
export interface CreateDraft {
  templateId: string | null
  name: string
  tags: string[]
  tenantId: string | null
  siteId: string | null
  hostId: string | null
  vcpuCount: number
  memoryBytes: number
  disks: { key: number; sizeBytes: number }[]
  networks: { key: number; name: string }[]
  sshKey: string
  userData: string
  start: boolean
}

export const blankDraft: CreateDraft = {
  templateId: null,
  name: '',
  tags: [],
  tenantId: null,
  siteId: null,
  hostId: null,
  vcpuCount: 1,
  memoryBytes: 2 ** 30,
  disks: [{ key: 1, sizeBytes: 8 * 2 ** 30 }],
  networks: [],
  sshKey: '',
  userData: '',
  start: true,
}

const mib = 2 ** 20
/** Rounded up to a size a person would have typed. */
const roundUp = (bytes: number, stepBytes: number) => Math.ceil(bytes / stepBytes) * stepBytes

/** What a template asks for, where the draft has less or nothing chosen yet. */
export function withTemplate(draft: CreateDraft, template: Template | undefined): CreateDraft {
  if (!template) return { ...draft, templateId: null }
  const memoryBytes = roundUp(Number(template.minMemoryBytes), 32 * mib)
  const sizeBytes = roundUp(Number(template.minDiskBytes), 64 * mib)
  const [, ...others] = draft.disks
  return {
    ...draft,
    templateId: template.id,
    vcpuCount: template.defaultVcpus,
    memoryBytes,
    disks: [{ key: 1, sizeBytes }, ...others],
  }
}

export type CreateField =
  | 'name'
  | 'tags'
  | 'siteId'
  | 'hostId'
  | 'vcpuCount'
  | 'memoryBytes'
  | 'disks'
  | 'networks'
  | 'userData'
export type CreateProblems = Partial<Record<CreateField, string>>

/** Names of the networks that the VM can be plugged into where it is to be. */
export const networksThere = (networks: Outputs['network']['names'], { siteId, hostId }: CreateDraft) =>
  networks
    .filter((network) => (hostId ? network.hostIds.includes(hostId) : network.siteIds.includes(siteId ?? '')))
    .map(({ name }) => name)

/** What is wrong with each field, before anything is sent. */
export function problemsOf(
  draft: CreateDraft,
  template: Template | undefined,
  networkNames: readonly string[],
): CreateProblems {
  const problems: CreateProblems = {}
  const name = VmName.safeParse(draft.name)
  if (!name.success) problems.name = draft.name ? name.error.issues[0]?.message : 'Give it a name'
  const wrongTag = draft.tags.find((tag) => !Tag.safeParse(tag).success)
  if (wrongTag) problems.tags = `“${wrongTag}”: a tag is one word of letters, digits, . _ / -`
  if (!draft.siteId) problems.siteId = 'Choose a site'
  else if (template && !template.siteIds.includes(draft.siteId)) problems.siteId = `No host there has ${template.name}`
  if (template && draft.hostId && !template.hostIds.includes(draft.hostId)) {
    problems.hostId = `It does not have ${template.name}`
  }
  if (!(draft.vcpuCount >= 1)) problems.vcpuCount = 'One at least'
  if (template && draft.memoryBytes < Number(template.minMemoryBytes)) {
    problems.memoryBytes = `${template.name} needs ${Math.ceil(Number(template.minMemoryBytes) / mib)} MiB at least`
  } else if (draft.memoryBytes < 16 * mib) problems.memoryBytes = '16 MiB at least'
  if (draft.disks.some((disk) => disk.sizeBytes < mib)) problems.disks = 'Each disk needs a size'
  if (template && (draft.disks[0]?.sizeBytes ?? 0) < Number(template.minDiskBytes)) {
    problems.disks = `${template.name} needs a first disk of ${Math.ceil(Number(template.minDiskBytes) / mib)} MiB at least`
  }
  if (draft.networks.some(({ name }) => !networkNames.includes(name))) {
    problems.networks = 'Choose a network for each card, or remove it'
  }
  const userData = userDataOf(draft)
  if ('problem' in userData) problems.userData = userData.problem
  return problems
}

/** The cloud-init user data with the SSH key worked in, or why that does not go. */
export function userDataOf({ sshKey, userData }: CreateDraft): { text: string | null } | { problem: string } {
  const key = sshKey.trim()
  const text = userData.trim()
  if (!key) return { text: text ? `${text}\n` : null }
  const line = `ssh_authorized_keys:\n  - ${JSON.stringify(key)}\n`
  if (!text) return { text: `#cloud-config\n${line}` }
  if (!text.startsWith('#cloud-config')) {
    return { problem: 'A script takes no SSH key: begin with #cloud-config, or put the key into the script.' }
  }
  if (/^ssh_authorized_keys:/m.test(text)) {
    return { problem: 'It has ssh_authorized_keys already: put the key there and empty the field above.' }
  }
  return { text: `${text}\n${line}` }
}

/** What is sent, once nothing is wrong. */
export function inputOf(draft: CreateDraft, template: Template | undefined): CreateVmInput | null {
  const userData = userDataOf(draft)
  if (!draft.siteId || 'problem' in userData) return null
  return {
    name: draft.name,
    notes: '',
    tags: draft.tags,
    tenantId: draft.tenantId,
    siteId: draft.siteId,
    hostId: draft.hostId,
    templateId: draft.templateId,
    vcpuCount: draft.vcpuCount,
    memoryBytes: draft.memoryBytes,
    disks: draft.disks.map(({ sizeBytes }) => ({ sizeBytes })),
    networks: draft.networks.map(({ name }) => name),
    userData: template?.cloudInit ? userData.text : null,
    start: draft.start,
  }
}
