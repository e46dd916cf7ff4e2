'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { SiteInput } from '#server/schema/site.ts'
import { siteKindWord } from './site-state.ts'

export interface EditedSite {
  id: string
  name: string
  kind: SiteInput['kind']
  place: string | null
  latitude: number
  longitude: number
}

const kinds = [
  { id: 'region', description: 'A data centre with room for many' },
  { id: 'edge', description: 'A small place far out, over a link of its own' },
  { id: 'emulated_edge', description: 'An edge location tried out inside a region' },
] as const

export interface SiteFormDialogProps {
  /** Left out to create one */
  site?: EditedSite
  onClose: () => void
  /** In place of `onClose` when it was saved */
  onSaved?: (id: string) => void
}

/** Creates a site, or changes one. */
export function SiteFormDialog({ site, onClose, onSaved }: SiteFormDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [name, setName] = useState(site?.name ?? '')
  const [kind, setKind] = useState<SiteInput['kind']>(site?.kind ?? 'region')
  const [place, setPlace] = useState(site?.place ?? '')
  const [latitude, setLatitude] = useState(site?.latitude ?? Number.NaN)
  const [longitude, setLongitude] = useState(site?.longitude ?? Number.NaN)
  const [isTried, setTried] = useState(false)
  const saved = (id: string) => {
    void client.invalidateQueries({ queryKey: trpc.fleet.pathKey() })
    if (onSaved) onSaved(id)
    else onClose()
  }
  const create = useMutation(trpc.site.create.mutationOptions({ onSuccess: ({ id }) => saved(id) }))
  const update = useMutation(trpc.site.update.mutationOptions({ onSuccess: () => saved(site?.id ?? '') }))
  const error = create.error ?? update.error
  const isComplete = name.trim() !== '' && Number.isFinite(latitude) && Number.isFinite(longitude)
  const submit = () => {
    const input: SiteInput = { name, kind, place: place.trim() || null, latitude, longitude }
    if (site) update.mutate({ id: site.id, ...input })
    else create.mutate(input)
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={site ? `Edit ${site.name}` : 'Create a site'}
      {...(site ? {} : { description: 'A place where hosts stand.' })}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="site-form" isPending={create.isPending || update.isPending}>
            {site ? 'Save' : 'Create site'}
          </Button>
        </>
      }
    >
      <form
        id="site-form"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (isComplete) submit()
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            autoFocus
            maxLength={80}
            error={isTried && name.trim() === '' ? 'Give it a name' : fieldError(error, 'name')}
          />
          <TextField
            label="Place"
            placeholder="Town, building, room"
            value={place}
            onChange={setPlace}
            maxLength={120}
            error={fieldError(error, 'place')}
          />
        </div>
        <RadioCards
          label="Kind"
          columns={3}
          cards={kinds.map(({ id, description }) => ({ id, title: siteKindWord[id], description }))}
          value={kind}
          onChange={(id) => setKind(kinds.find((known) => known.id === id)?.id ?? 'region')}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Latitude"
            unit="°N"
            description="South is negative"
            min={-90}
            max={90}
            step={0.0001}
            value={latitude}
            onChange={setLatitude}
            error={isTried && !Number.isFinite(latitude) ? 'From -90 to 90' : fieldError(error, 'latitude')}
          />
          <NumberField
            label="Longitude"
            unit="°E"
            description="West is negative"
            min={-180}
            max={180}
            step={0.0001}
            value={longitude}
            onChange={setLongitude}
            error={isTried && !Number.isFinite(longitude) ? 'From -180 to 180' : fieldError(error, 'longitude')}
          />
        </div>
        {error && !isFieldError(error, ['name', 'place', 'latitude', 'longitude']) && (
          <ErrorMessage {...failure(site ? 'The site was not changed' : 'The site was not created', error)} />
        )}
      </form>
    </Dialog>
  )
}
