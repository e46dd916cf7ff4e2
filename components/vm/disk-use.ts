import { formatBytes } from '#components/ui/format.ts'

interface Disk {
  allocationBytes: bigint | number | string
  capacityBytes: bigint | number | string
}

/** Snapshots of a disk, and the memory kept with them, lie inside it: it may be larger on its host than for the guest. */
export const isBeyondItsSize = (disk: Disk) => Number(disk.allocationBytes) > Number(disk.capacityBytes)

/** How much of a disk is taken up on its host, in words. */
export function diskUse(disk: Disk): string {
  const [allocated, size] = [disk.allocationBytes, disk.capacityBytes].map((bytes) => formatBytes(Number(bytes)))
  return isBeyondItsSize(disk) ? `${allocated} on its host, ${size} large` : `${allocated} of ${size} written`
}
