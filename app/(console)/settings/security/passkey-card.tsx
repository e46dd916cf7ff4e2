'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Fingerprint, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { usePasskeyObstacle } from '#components/auth/passkey-obstacle.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { answered } from '../answered.ts'
import { PasskeyDialog, passkeysKey } from './passkey-dialog.tsx'

/** Signing in with a fingerprint, a face or a security key. */
export function PasskeyCard() {
  const passkeys = useQuery({
    queryKey: passkeysKey,
    queryFn: () => answered(authClient.passkey.listUserPasskeys()),
    staleTime: 0,
  })
  const obstacle = usePasskeyObstacle()
  const [isAdding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<{ id: string; name: string } | null>(null)
  return (
    <Card
      title="Passkeys"
      isFlush
      actions={
        <Button
          size="sm"
          icon={<Plus size={13} aria-hidden="true" />}
          disabledReason={obstacle?.reason}
          onPress={() => setAdding(true)}
        >
          Add a passkey
        </Button>
      }
    >
      {obstacle && (
        <p className="px-4 pb-3 text-xs text-ink-muted">
          {obstacle.reason}.{' '}
          {obstacle.href && (
            <>
              They work at <Link href={obstacle.href}>{new URL(obstacle.href).host}</Link>, where you sign in once more.
            </>
          )}
        </p>
      )}
      {passkeys.isPending && <SkeletonRows rows={2} label="Loading passkeys" />}
      {passkeys.error && (
        <ErrorMessage
          variant="page"
          title="Your passkeys could not be read"
          message={passkeys.error.message}
          onRetry={() => void passkeys.refetch()}
          isRetrying={passkeys.isRefetching}
        />
      )}
      {passkeys.data?.length === 0 && (
        <EmptyState icon={<Fingerprint size={20} aria-hidden="true" />} title="No passkey yet" className="py-8">
          With one you sign in by fingerprint, face or security key instead of the password.
        </EmptyState>
      )}
      {(passkeys.data?.length ?? 0) > 0 && (
        <ul className="divide-y divide-line border-t border-line">
          {passkeys.data?.map((passkey) => {
            const name = passkey.name || 'Unnamed passkey'
            return (
              <li key={passkey.id} className="flex min-h-12 items-center gap-3 px-4 py-1.5">
                <div className="min-w-0 flex-1">
                  <p className="flex items-center gap-2 text-sm">
                    <span className="truncate font-medium">{name}</span>
                    {passkey.backedUp && <Badge>synced</Badge>}
                  </p>
                  <p className="text-xs text-ink-muted">
                    added <RelativeTime at={passkey.createdAt} />
                  </p>
                </div>
                <IconButton
                  label={`Remove ${name}`}
                  icon={<Trash2 size={14} aria-hidden="true" />}
                  onPress={() => setRemoving({ id: passkey.id, name })}
                />
              </li>
            )
          })}
        </ul>
      )}
      {isAdding && <PasskeyDialog onClose={() => setAdding(false)} />}
      {removing && <RemovePasskey passkey={removing} onClose={() => setRemoving(null)} />}
    </Card>
  )
}

function RemovePasskey({ passkey, onClose }: { passkey: { id: string; name: string }; onClose: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => answered(authClient.passkey.deletePasskey({ id: passkey.id })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: passkeysKey })
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={`Remove ${passkey.name}?`}
      confirmLabel="Remove"
      onConfirm={() => remove.mutate()}
      isPending={remove.isPending}
      {...(remove.error ? { error: { title: 'It was not removed', message: remove.error.message } } : {})}
    >
      <p>It no longer signs you in. Your device keeps it until you delete it there too.</p>
    </ConfirmDialog>
  )
}
