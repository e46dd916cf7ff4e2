'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { credentialOf, emptyAddress, SshFields, TlsFields } from './address-fields.tsx'
import { ConnectionTest } from './connection-test.tsx'
import { migrationUriProblem, transportOf, uriProblem } from './host-uri.ts'
import { UriField } from './uri-field.tsx'

export interface EditedHost {
  id: string
  name: string
  uri: string
  migrationUri: string | null
}

/** Changes how a host is named and reached; what proves who we are is replaced as a whole, and never shown. */
export function EditHostDialog({ host, onClose }: { host: EditedHost; onClose: () => void }) {
  const trpc = useTRPC()
  const asSkerry = host.migrationUri === host.uri
  const [name, setName] = useState(host.name)
  const [uri, setUri] = useState(host.uri)
  // Of the last address that was whole: while one is typed, what stands below must not go.
  const [transport, setTransport] = useState(() => transportOf(host.uri))
  const storedMigrationUri = asSkerry ? '' : (host.migrationUri ?? '')
  const [migrationUri, setMigrationUri] = useState(storedMigrationUri)
  const [access, setAccess] = useState<'keep' | 'replace'>('keep')
  const [proof, setProof] = useState({ tls: emptyAddress.tls, ssh: emptyAddress.ssh })
  const [idempotencyKey, setIdempotencyKey] = useState(() => crypto.randomUUID())
  const edit = useMutation(
    trpc.host.edit.mutationOptions({
      onSuccess: () => {
        toast.success(`${name} is being changed`, {
          description: 'A new address or credential takes over once it has been tested.',
        })
        onClose()
      },
      onError: () => setIdempotencyKey(crypto.randomUUID()),
    }),
  )
  const isReplaced = access === 'replace' && transport !== 'unix'
  const credential = isReplaced ? credentialOf({ ...emptyAddress, transport, ...proof }) : null
  const migration = migrationUri.trim() || uri.trim()
  const changes = {
    ...(name === host.name ? {} : { name }),
    ...(uri.trim() === host.uri ? {} : { uri: uri.trim() }),
    ...(migration === host.migrationUri || (migrationUri.trim() === '' && host.migrationUri === null)
      ? {}
      : { migrationUri: migration }),
    ...(isReplaced ? { credential } : {}),
    // This machine's own socket asks for none.
    ...(transport === 'unix' && transportOf(host.uri) !== 'unix' ? { credential: null } : {}),
  }
  // What it has may be what only the server reads: it need not be mended to give the host another name.
  const problem = uri.trim() === host.uri ? undefined : uriProblem(uri)
  const migrationProblem = migrationUri === storedMigrationUri ? undefined : migrationUriProblem(migrationUri)
  const isChanged = Object.keys(changes).length > 0
  const offReason =
    problem || migrationProblem
      ? 'An address is no libvirt URI that Skerry can use'
      : isReplaced && credential === null
        ? 'Give the whole new credential'
        : isChanged
          ? undefined
          : 'Nothing is changed yet'
  return (
    <FormDialog
      title={`Edit ${host.name}`}
      description="A new address or credential is tested first, and the same machine must answer. Its VMs go on meanwhile."
      size="lg"
      submitLabel="Save"
      isPending={edit.isPending}
      disabledReason={offReason}
      onSubmit={() => edit.mutate({ id: host.id, ...changes, idempotencyKey })}
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
        <TextField
          label="Name in Skerry"
          value={name}
          onChange={setName}
          isMono
          autoFocus
          error={fieldError(edit.error, 'name')}
        />
        <UriField
          label="Address"
          description="qemu+tls://host/system, qemu+ssh://user@host/system, or qemu:///system"
          value={uri}
          onChange={(text) => {
            setUri(text)
            if (text === host.uri || !uriProblem(text)) setTransport(transportOf(text))
          }}
          problem={problem}
          error={fieldError(edit.error, 'uri')}
        />
      </div>
      <UriField
        label="Address for migrations"
        description="Where other hosts reach it. Empty: at the address above."
        value={migrationUri}
        onChange={setMigrationUri}
        placeholder={uri}
        problem={migrationProblem}
        error={fieldError(edit.error, 'migrationUri')}
      />
      {transport !== 'unix' && (
        <RadioCards
          label="What proves to it who we are"
          columns={2}
          cards={[
            { id: 'keep', title: 'Keep', description: 'What it has, which stays sealed' },
            {
              id: 'replace',
              title: 'Replace',
              description: transport === 'tls' ? 'A new certificate and key' : 'A new key',
            },
          ]}
          value={access}
          onChange={(id) => setAccess(id === 'replace' ? 'replace' : 'keep')}
        />
      )}
      {isReplaced && transport === 'tls' && (
        <TlsFields tls={proof.tls} onChange={(tls) => setProof({ ...proof, tls })} />
      )}
      {isReplaced && transport === 'ssh' && (
        <SshFields ssh={proof.ssh} onChange={(ssh) => setProof({ ...proof, ssh })} />
      )}
      <ConnectionTest
        uri={uri.trim()}
        credential={credential}
        {...(isReplaced ? {} : { hostId: host.id })}
        {...(problem || (isReplaced && credential === null)
          ? { disabledReason: 'Give the address and the credential first' }
          : {})}
      />
      {edit.error && !isFieldError(edit.error, ['name', 'uri', 'migrationUri']) && (
        <ErrorMessage {...failure(`${host.name} was not changed`, edit.error)} />
      )}
    </FormDialog>
  )
}
