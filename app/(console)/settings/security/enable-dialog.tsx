'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { answered } from '../answered.ts'
import { BackupCodes } from './backup-codes.tsx'
import { PasswordDialog } from './password-dialog.tsx'
import { QrImage } from './qr-image.tsx'
import { useMeReread } from './use-me-reread.ts'

/** Password, then the authenticator and its first code, then the backup codes. */
export function EnableDialog({ onClose }: { onClose: () => void }) {
  const begin = useMutation({
    mutationFn: (password: string) => answered(authClient.twoFactor.enable({ password })),
  })
  const [isVerified, setVerified] = useState(false)
  const begun = begin.data && 'totpURI' in begin.data ? begin.data : null
  if (begun && isVerified) return <BackupCodes codes={begun.backupCodes} isNew onClose={onClose} />
  if (begun) return <FirstCode uri={begun.totpURI} onVerified={() => setVerified(true)} onClose={onClose} />
  return (
    <PasswordDialog
      title="Switch the second factor on"
      description="You need an authenticator app, on your phone for instance."
      submitLabel="Go on"
      isPending={begin.isPending}
      error={begin.error && { title: 'It could not begin', message: begin.error.message }}
      onSubmit={(password) => begin.mutate(password)}
      onClose={onClose}
    />
  )
}

function FirstCode({ uri, onVerified, onClose }: { uri: string; onVerified: () => void; onClose: () => void }) {
  const [code, setCode] = useState('')
  const digits = code.replaceAll(/\s/g, '')
  const reread = useMeReread()
  const verify = useMutation({
    mutationFn: () => answered(authClient.twoFactor.verifyTotp({ code: digits })),
    onSuccess: async () => {
      onVerified()
      await reread()
    },
  })
  const secret = new URL(uri).searchParams.get('secret') ?? ''
  return (
    <FormDialog
      title="Add Skerry to your authenticator"
      description="Scan the code with the app, then type the six digits that it shows."
      size="sm"
      submitLabel="Switch on"
      isPending={verify.isPending}
      isIncomplete={digits.length !== 6}
      onSubmit={() => verify.mutate()}
      onClose={onClose}
    >
      <QrImage text={uri} label="QR code for the authenticator app" />
      <div className="text-xs text-ink-muted">
        <p>
          No camera?{' '}
          <a href={uri} className="rounded-sm text-accent underline decoration-accent/35 underline-offset-2">
            Open the app on this device
          </a>
          , or type the key:
        </p>
        <p className="mt-1 flex items-start gap-1">
          <code className="min-w-0 flex-1 break-words font-mono text-ink">{secret.match(/.{1,4}/g)?.join(' ')}</code>
          <CopyButton text={secret} label="key" className="-my-1" />
        </p>
      </div>
      <TextField
        label="Code"
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        isMono
        autoFocus
        maxLength={7}
      />
      {verify.error && <ErrorMessage title="The code was not accepted" message={verify.error.message} />}
    </FormDialog>
  )
}
