import { z } from 'zod'
import { DiskBytes, MemoryBytes, Vcpus } from './vm-action.ts'

export const TemplateFields = z.object({
  name: z.string().trim().min(1).max(80),
  description: z.string().trim().max(300).default(''),
  /** As a person says it: Debian 12 */
  operatingSystem: z.string().trim().min(1).max(80),
  /** Takes cloud-init user data */
  cloudInit: z.boolean(),
  defaultVcpus: Vcpus,
  minMemoryBytes: MemoryBytes,
  minDiskBytes: DiskBytes,
})

/** A template with its image: a volume of a storage pool, found by both names on every host that has it. */
export const TemplateInput = TemplateFields.extend({
  poolName: z.string().min(1).max(255),
  volumeName: z.string().min(1).max(255),
})
export type TemplateInput = z.infer<typeof TemplateInput>

/** Of which VM; its image comes to lie in that pool of the VM's host. */
export const MakeTemplateInput = TemplateFields.extend({ poolName: z.string().min(1).max(255) })
export type MakeTemplateInput = z.infer<typeof MakeTemplateInput>

export const MakeTemplatePlan = MakeTemplateInput.extend({ templateId: z.uuid(), hostId: z.uuid() })
export type MakeTemplatePlan = z.infer<typeof MakeTemplatePlan>

export const TemplateId = z.object({ id: z.uuid() })

/** Part of a pool's or volume's name */
export const ImageSearch = z.object({ search: z.string().trim().max(255).default('') })

/** A volume that a template can be made with, wherever hosts have it. Sizes in bytes. */
export interface TemplateImage {
  poolName: string
  volumeName: string
  format: string
  /** Of the largest, where hosts have different ones under the same name */
  capacityBytes: number
  hostNames: string[]
  /** The template that has it already */
  templateName: string | null
}

interface VmDisk {
  target: string
  device: string
  source: string | null
  readOnly: boolean
  shareable: boolean
}

/** The disk that a template is made of: of those that are the VM's alone the first by target, vda before vdb. */
export function firstDiskOf<Disk extends VmDisk>(disks: readonly Disk[]): Disk | undefined {
  const own = disks.filter(
    (disk) => disk.device === 'disk' && disk.source !== null && !disk.readOnly && !disk.shareable,
  )
  // After vdz comes vdaa.
  const order = (a: Disk, b: Disk) => a.target.length - b.target.length || (a.target < b.target ? -1 : 1)
  return own.toSorted(order)[0]
}
