import type { Candidate, MovingVm } from './migration-preview.ts'
import { moveWay } from './migration-saved.ts'
import type { Judged } from './migration-storage.ts'
import { isOlder } from './version.ts'

/** From here on a suspended VM can have its disks back after a move, and QEMU does not fall over them without. */
const takesBackSince = '10.0.0'

/**
 * QEMU before 10 takes hold of disks that were not copied only once a moved VM runs on. Until then no snapshot or backup
 * of it can be relied on, and QEMU dies of its next move, with all that the VM has in memory.
 */
export function suspendedReasons(vm: MovingVm, disks: readonly Judged[], to: Candidate): string[] {
  if (vm.state !== 'paused' || to.id === vm.hostId || moveWay(vm, disks) !== 'live') return []
  if (to.hypervisorVersion && !isOlder(to.hypervisorVersion, takesBackSince)) return []
  const kept = disks.filter(({ move }) => move.mode !== 'copied' && move.mode !== 'empty')
  if (kept.length === 0) return []
  const targets = kept.map(({ disk }) => disk.target).join(', ')
  return [
    `Moved while it is suspended it would lose hold of ${targets} until it is resumed (QEMU before 10): resume it or shut it down first.`,
  ]
}
