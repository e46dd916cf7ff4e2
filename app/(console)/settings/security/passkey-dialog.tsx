'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { answered } from '../answered.ts'
import { browserName } from '../browser-name.ts'

export const passkeysKey = ['auth', 'passkeys']

/** Names a passkey, then lets the browser make it. */
export function PasskeyDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(() => browserName(navigator.userAgent))
  const add = useMutation({
    mutationFn: () => answered(authClient.passkey.addPasskey({ name: name.trim() })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: passkeysKey })
      onClose()
    },
  })
  return (
    <FormDialog
      title="Add a passkey"
      description="Your browser asks for a fingerprint, a face, a PIN or a security key next."
      size="sm"
      submitLabel="Go on"
      isPending={add.isPending}
      isIncomplete={!name.trim()}
      onSubmit={() => add.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        description="So that you know it again in the list."
        value={name}
        onChange={setName}
        maxLength={80}
        autoFocus
      />
      {add.error && <ErrorMessage title="No passkey was added" message={add.error.message} />}
    </FormDialog>
  )
}
