'use client'

import { Folder, Package } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { StoreLocation } from '#server/schema/store.ts'
import { type StoreDraft, typedLocation } from './store-draft.ts'

export interface StoreLocationFieldsProps {
  draft: StoreDraft
  onChange: (draft: StoreDraft) => void
  /** The secret stays as it is where none is typed */
  hasSecret?: boolean
  /** It is one thing or the other for good */
  isKindFixed?: boolean
}

/** Where objects lie, and what opens it: a folder, or a bucket of anything that speaks S3. */
export function StoreLocationFields({ draft, onChange, hasSecret, isKindFixed }: StoreLocationFieldsProps) {
  const set = (part: Partial<StoreDraft>) => onChange({ ...draft, ...part })
  const issues = StoreLocation.safeParse(typedLocation(draft)).error?.issues ?? []
  /** What is wrong with what was typed; what is still empty needs no words. */
  const problem = (field: keyof StoreDraft) =>
    draft[field] === '' ? undefined : issues.find(({ path }) => path[0] === field)?.message
  return (
    <>
      {!isKindFixed && (
        <RadioCards
          label="Where its files lie"
          columns={2}
          cards={[
            {
              id: 'folder',
              title: 'Folder',
              icon: <Folder size={14} aria-hidden="true" />,
              description: 'A mounted file server, or a disk of its own',
            },
            {
              id: 's3',
              title: 'S3',
              icon: <Package size={14} aria-hidden="true" />,
              description: 'A bucket of any store that speaks S3',
            },
          ]}
          value={draft.kind}
          onChange={(id) => set({ kind: id === 's3' ? 's3' : 'folder' })}
        />
      )}
      {draft.kind === 'folder' ? (
        <TextField
          label="Folder"
          value={draft.path}
          onChange={(path) => set({ path })}
          isMono
          placeholder="/srv/backup"
          error={problem('path')}
          description="As the workers see it."
        />
      ) : (
        <S3Fields draft={draft} set={set} problem={problem} hasSecret={hasSecret ?? false} />
      )}
    </>
  )
}

interface S3FieldsProps {
  draft: StoreDraft
  set: (part: Partial<StoreDraft>) => void
  problem: (field: keyof StoreDraft) => string | undefined
  hasSecret: boolean
}

function S3Fields({ draft, set, problem, hasSecret }: S3FieldsProps) {
  const [hasAuthority, setHasAuthority] = useState(draft.authority !== '')
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <TextField
          label="Address"
          value={draft.endpoint}
          onChange={(endpoint) => set({ endpoint })}
          isMono
          placeholder="https://s3.example.net"
          error={problem('endpoint')}
        />
        <TextField
          label="Region"
          value={draft.region}
          onChange={(region) => set({ region })}
          isMono
          error={problem('region')}
        />
        <TextField
          label="Bucket"
          value={draft.bucket}
          onChange={(bucket) => set({ bucket })}
          isMono
          error={problem('bucket')}
        />
        <TextField
          label="Prefix"
          value={draft.prefix}
          onChange={(prefix) => set({ prefix })}
          isMono
          placeholder="none"
          error={problem('prefix')}
        />
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Access key id"
          value={draft.accessKeyId}
          onChange={(accessKeyId) => set({ accessKeyId })}
          isMono
          autoComplete="off"
        />
        <TextField
          label="Secret"
          type="password"
          value={draft.secretAccessKey}
          onChange={(secretAccessKey) => set({ secretAccessKey })}
          isMono
          autoComplete="new-password"
          {...(hasSecret ? { placeholder: 'as it is' } : {})}
          description={hasSecret ? 'Empty: the one it has.' : 'Kept sealed; nobody can read it here again.'}
        />
      </div>
      <Checkbox
        isSelected={draft.pathStyle}
        onChange={(pathStyle) => set({ pathStyle })}
        description="Off where the store asks for bucket.address, as Amazon’s does."
      >
        The bucket’s name follows the address
      </Checkbox>
      {hasAuthority ? (
        <TextArea
          label="Authority (PEM)"
          description="Of who signed the store’s certificate, where machines do not trust that by themselves."
          placeholder="-----BEGIN CERTIFICATE-----"
          value={draft.authority}
          onChange={(authority) => set({ authority })}
          isMono
          error={problem('authority')}
        />
      ) : (
        <Button size="sm" variant="quiet" className="self-start" onPress={() => setHasAuthority(true)}>
          It has a certificate of our own…
        </Button>
      )}
    </>
  )
}
