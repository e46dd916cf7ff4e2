'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { authClient } from '#components/auth/auth-client.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { answered } from '../answered.ts'
import { browserName } from '../browser-name.ts'

export const passkeysKey = ['auth', 'passkeys']
const formId = 'add-passkey'

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
    <Dialog
      isOpen
      onOpenChange={onClose}
      title="Add a passkey"
      description="Your browser asks for a fingerprint, a face, a PIN or a security key next."
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={formId} isPending={add.isPending} isDisabled={!name.trim()}>
            Go on
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) add.mutate()
        }}
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
      </form>
    </Dialog>
  )
}
