import { toast } from 'sonner'
import { setTrayOpen } from '#components/operation/tray-open.ts'
import type { VmRow } from '#server/schema/vm.ts'

export interface BulkDialogProps {
  ids: string[]
  /** Those of them that are loaded */
  selected: readonly VmRow[]
  onClose: () => void
}

/** Shows where a bulk action's results are, and which VMs it was refused for. */
export function announceBulk({ refused }: { refused: readonly { name: string; reason: string }[] }): void {
  setTrayOpen(true)
  if (refused.length === 0) return
  const [first] = refused
  toast.warning(refused.length === 1 ? `Not for ${first?.name}` : `Not for ${refused.length} of them`, {
    description: refused.length === 1 ? first?.reason : 'The operation below says why for each.',
  })
}
