import { conflict, invalid } from '#server/errors.ts'
import { RecoveryDisks } from '#server/schema/backup.ts'
import { sizeText } from './size-text.ts'

interface VmDisk {
  target: string
  device: string
  readOnly: boolean
  capacityBytes: number | bigint
}

/** @throws conflict when only the archive has it whole */
export function demandValid(point: { invalidAt: Date | null }): void {
  if (point.invalidAt === null) return
  throw conflict(
    'This copy is archived and no longer valid here.',
    'Restore it from the archive, or bring it back first.',
  )
}

/**
 * Which of a recovery point's disks are written over the VM's, which may have lost or changed some since.
 * @param pointDisks as its row keeps them
 * @param chosen targets; all of the recovery point's when absent
 * @throws conflict where the VM has no such disk any more, or a smaller one
 */
export function disksToRestore(
  vmName: string,
  vmDisks: readonly VmDisk[],
  pointDisks: unknown,
  chosen: readonly string[] | undefined,
): RecoveryDisks {
  const all = RecoveryDisks.parse(pointDisks)
  const unknown = chosen?.find((target) => !all.some((disk) => disk.target === target))
  if (unknown) throw invalid(`The recovery point has no disk ${unknown}.`, { field: 'disks' })
  const wanted = all.filter(({ target }) => !chosen || chosen.includes(target))
  for (const disk of wanted) {
    const obstacle = diskObstacle(vmDisks, disk)
    if (obstacle === null) continue
    throw conflict(
      `The disk ${disk.target} of ${vmName} ${obstacle}.`,
      all.length > 1 ? 'Restore its other disks alone, or restore it as a new VM.' : 'Restore it as a new VM.',
    )
  }
  return wanted
}

/** Why a disk can't be led back in place, in words that follow its name, or null. */
export function diskObstacle(vmDisks: readonly VmDisk[], { target, sizeBytes }: RecoveryDisks[number]): string | null {
  const now = vmDisks.find((disk) => disk.target === target && disk.device === 'disk' && !disk.readOnly)
  if (!now) return 'is not there any more'
  if (Number(now.capacityBytes) >= sizeBytes) return null
  return `is smaller than it was: ${sizeText(sizeBytes)} then, ${sizeText(now.capacityBytes)} now`
}
