'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { answered } from '../answered.ts'
import { BackupCodes } from './backup-codes.tsx'
import { EnableDialog } from './enable-dialog.tsx'
import { PasswordDialog } from './password-dialog.tsx'
import { useMeReread } from './use-me-reread.ts'

/** Whether signing in also asks for a code, and how to change that. */
export function SecondFactorCard({ isEnabled }: { isEnabled: boolean }) {
  const [open, setOpen] = useState<'enable' | 'disable' | 'codes' | null>(null)
  const close = () => setOpen(null)
  return (
    <Card
      title="Second factor"
      actions={<StateBadge state={isEnabled ? 'running' : 'off'} label={isEnabled ? 'On' : 'Off'} variant="plain" />}
    >
      <p className="text-sm text-ink-muted">
        {isEnabled
          ? 'After your password, signing in asks for a code of your authenticator app. Passkeys need none.'
          : 'With it, your password alone signs nobody in: a code of an authenticator app is asked for as well.'}
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        {isEnabled ? (
          <>
            <Button onPress={() => setOpen('codes')}>New backup codes…</Button>
            <Button onPress={() => setOpen('disable')}>Switch off…</Button>
          </>
        ) : (
          <Button onPress={() => setOpen('enable')}>Switch on…</Button>
        )}
      </div>
      {open === 'enable' && <EnableDialog onClose={close} />}
      {open === 'disable' && <DisableDialog onClose={close} />}
      {open === 'codes' && <NewCodesDialog onClose={close} />}
    </Card>
  )
}

function DisableDialog({ onClose }: { onClose: () => void }) {
  const reread = useMeReread()
  const disable = useMutation({
    mutationFn: (password: string) => answered(authClient.twoFactor.disable({ password })),
    onSuccess: async () => {
      await reread()
      onClose()
    },
  })
  return (
    <PasswordDialog
      title="Switch the second factor off"
      description="Your password alone signs you in then. The authenticator’s entry and the backup codes become useless."
      submitLabel="Switch off"
      tone="danger"
      isPending={disable.isPending}
      error={disable.error && { title: 'It was not switched off', message: disable.error.message }}
      onSubmit={(password) => disable.mutate(password)}
      onClose={onClose}
    />
  )
}

function NewCodesDialog({ onClose }: { onClose: () => void }) {
  const generate = useMutation({
    mutationFn: (password: string) => answered(authClient.twoFactor.generateBackupCodes({ password })),
  })
  if (generate.data) return <BackupCodes codes={generate.data.backupCodes} onClose={onClose} />
  return (
    <PasswordDialog
      title="New backup codes"
      description="The old ones stop working."
      submitLabel="Make new codes"
      isPending={generate.isPending}
      error={generate.error && { title: 'No codes were made', message: generate.error.message }}
      onSubmit={(password) => generate.mutate(password)}
      onClose={onClose}
    />
  )
}
