'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Select } from '#components/ui/select.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import {
  type AddressDraft,
  AddressFields,
  credentialOf,
  emptyAddress,
  isAddressComplete,
  noAddress,
} from './address-fields.tsx'
import { ConnectionTest } from './connection-test.tsx'
import { hostUri, migrationUriProblem, partsOf, suggestedName, uriProblem } from './host-uri.ts'
import { UriField } from './uri-field.tsx'

/** Adds a host by its address, after a test of the connection if the person wants one. */
export function AddHostDialog({ siteId: firstSiteId, onClose }: { siteId?: string | undefined; onClose: () => void }) {
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const sites = places.data?.sites ?? []
  const [draft, setDraft] = useState<AddressDraft>(emptyAddress)
  const [typedUri, setTypedUri] = useState<string | null>(null)
  const [migrationUri, setMigrationUri] = useState('')
  const [typedName, setName] = useState<string | null>(null)
  const [siteId, setSiteId] = useState<string | null>(firstSiteId ?? null)
  const [idempotencyKey] = useState(() => crypto.randomUUID())
  const uri = hostUri(draft)
  const isNamed = draft.transport === 'unix' || draft.address.trim() !== ''
  const problem = typedUri === null ? undefined : uriProblem(typedUri)
  const migrationProblem = migrationUriProblem(migrationUri)
  const typeUri = (text: string) => {
    const isCleared = text.trim() === ''
    setTypedUri(isCleared ? null : text)
    const parts = isCleared ? noAddress : partsOf(text)
    if (!('problem' in parts)) setDraft({ ...draft, ...parts })
  }
  const name = typedName ?? suggestedName(draft)
  const site = siteId ?? (sites.length === 1 ? (sites[0]?.id ?? null) : null)
  const add = useMutation(
    trpc.host.add.mutationOptions({
      onSuccess: () => {
        toast.success(`${name} is being added`, { description: 'Its VMs show as soon as it has answered.' })
        onClose()
      },
    }),
  )
  const isReady = isAddressComplete(draft) && !problem
  const isComplete = isReady && !migrationProblem && name !== '' && site !== null
  const submit = () => {
    if (isComplete && site) {
      add.mutate({
        name,
        siteId: site,
        uri,
        credential: credentialOf(draft),
        migrationUri: migrationUri.trim() || null,
        idempotencyKey,
      })
    }
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Add a host"
      description="Skerry needs nothing on it but libvirt. Nothing on the host is changed by adding it."
      size="lg"
      footer={
        sites.length > 0 && (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button
              variant="primary"
              type="submit"
              form="add-host"
              isPending={add.isPending}
              {...(isComplete ? {} : { disabledReason: 'Give its site, name, address and what proves who we are' })}
            >
              Add host
            </Button>
          </>
        )
      }
    >
      {places.data && sites.length === 0 ? (
        <EmptyState
          title="There is no site yet"
          action={
            <ButtonLink href="/sites?create=yes" variant="primary">
              Create a site
            </ButtonLink>
          }
        >
          A host stands somewhere: create its site first.
        </EmptyState>
      ) : (
        <form
          id="add-host"
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <UriField
            label="libvirt URI"
            description="Paste it, or fill in its parts below."
            placeholder="qemu+tls://oslo-1.example.net/system"
            value={typedUri ?? (isNamed ? uri : '')}
            onChange={typeUri}
            autoFocus
            problem={problem}
            error={fieldError(add.error, 'uri')}
          />
          <AddressFields
            draft={draft}
            onChange={(changed) => {
              setTypedUri(null)
              setDraft(changed)
            }}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <Select
              label="Site"
              options={sites.map((each) => ({ id: each.id, label: each.name }))}
              value={site}
              onChange={setSiteId}
            />
            <TextField
              label="Name in Skerry"
              value={name}
              onChange={setName}
              isMono
              error={fieldError(add.error, 'name')}
            />
          </div>
          <UriField
            label="Address for migrations"
            description={
              draft.transport === 'unix'
                ? 'Where other hosts reach it. Empty: by its own name, with TLS.'
                : 'Where other hosts reach it. Empty: at the address above.'
            }
            placeholder={isNamed && draft.transport !== 'unix' ? uri : 'qemu+tls://oslo-1.example.net/system'}
            value={migrationUri}
            onChange={setMigrationUri}
            problem={migrationProblem}
            error={fieldError(add.error, 'migrationUri')}
          />
          <ConnectionTest
            uri={uri}
            credential={credentialOf(draft)}
            {...(isReady ? {} : { disabledReason: 'Give the address and the credential first' })}
          />
          {add.error && !isFieldError(add.error, ['uri', 'name', 'migrationUri']) && (
            <ErrorMessage {...failure('The host was not added', add.error)} />
          )}
        </form>
      )}
    </Dialog>
  )
}
