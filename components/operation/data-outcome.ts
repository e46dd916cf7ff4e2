import { z } from 'zod'
import { formatBytes, formatCounted } from '#components/ui/format.ts'
import type { OperationRow } from '#server/schema/operation.ts'

const Backup = z.object({ readBytes: z.number(), storedBytes: z.number() })
/** Of a datastore or an archive store. */
export const Verification = z.object({ checkedBytes: z.number(), damaged: z.number(), healed: z.number() })
const Compaction = z.object({ freedBytes: z.number() })

/** What an operation on backups read, wrote or found; undefined for others. */
export function dataOutcome({ kind, result }: Pick<OperationRow, 'kind' | 'result'>): string | undefined {
  if (kind === 'back-up-vm' || kind === 'bring-back-recovery-point') {
    const { data } = Backup.safeParse(result)
    return data && `${formatBytes(data.readBytes)} read, ${formatBytes(data.storedBytes)} stored`
  }
  if (kind === 'verify-datastore' || kind === 'verify-archive-store') {
    const { data } = Verification.safeParse(result)
    return data && `${formatBytes(data.checkedBytes)} read, ${foundText(data)}`
  }
  if (kind === 'compact-datastore') {
    const { data } = Compaction.safeParse(result)
    return data && freedText(data.freedBytes)
  }
  return undefined
}

/** What a compaction gave back. */
export const freedText = (freedBytes: number) =>
  freedBytes > 0 ? `${formatBytes(freedBytes)} freed` : 'nothing to free'

function foundText({ damaged, healed }: z.infer<typeof Verification>): string {
  const found = damaged > 0 ? `${formatCounted(damaged, 'part')} damaged` : 'nothing damaged'
  return healed > 0 ? `${found}, ${formatCounted(healed, 'part')} healed` : found
}
