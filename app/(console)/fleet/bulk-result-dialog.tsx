import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { formatCounted } from '#components/ui/format.ts'

interface BulkResult {
  done: readonly string[]
  refused: readonly { vmId: string; name: string; reason: string }[]
}

/** For how many VMs it was done, and why not for each of the others. */
export function BulkResultDialog({
  title,
  result,
  onClose,
}: {
  title: string
  result: BulkResult
  onClose: () => void
}) {
  const { done, refused } = result
  return (
    <Dialog
      isOpen={refused.length > 0}
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={title}
      size="sm"
      footer={
        <Button variant="primary" onPress={onClose}>
          Close
        </Button>
      }
    >
      <div className="flex flex-col gap-2 text-sm">
        <p role="status">
          Done for {formatCounted(done.length, 'VM')}, not for {formatCounted(refused.length, 'VM')}:
        </p>
        <ul className="flex flex-col gap-1">
          {refused.map(({ vmId, name, reason }) => (
            <li key={vmId} className="break-words">
              <span className="font-medium">{name}</span>: <span className="text-ink-muted">{reason}</span>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  )
}
