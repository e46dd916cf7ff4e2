'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { ComboBox } from '#components/ui/combo-box.tsx'
import { formatBytes, formatNames } from '#components/ui/format.ts'
import type { Option } from '#components/ui/select.tsx'
import type { TemplateImage } from '#server/schema/template.ts'

/** A volume by the names under which hosts have it. Its size is null while no host that has it can be asked. */
export interface ChosenImage {
  poolName: string
  volumeName: string
  capacityBytes: number | null
}

export interface ImageFieldProps {
  value: ChosenImage | null
  onChange: (image: ChosenImage | null) => void
  /** The one that the template has now */
  own?: ChosenImage | undefined
  error?: string | undefined
}

const labelOf = ({ poolName, volumeName }: Pick<ChosenImage, 'poolName' | 'volumeName'>) => `${poolName}/${volumeName}`

/** One of the disk images that the hosts’ storage pools have. */
export function ImageField({ value, onChange, own, error }: ImageFieldProps) {
  const trpc = useTRPC()
  const [search, setSearch] = useState('')
  const images = useQuery({
    ...trpc.template.images.queryOptions({ search: useDeferredValue(search) }),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  })
  const found = images.data ?? []
  const ownLabel = own && labelOf(own)
  const options: Option[] = found.map((image) => optionOf(image, labelOf(image) === ownLabel))
  if (ownLabel && !options.some(({ id }) => id === ownLabel)) {
    options.unshift({ id: ownLabel, label: ownLabel, detail: 'No host that can be asked has it' })
  }
  return (
    <ComboBox
      label="Image"
      options={options}
      value={value && labelOf(value)}
      onChange={(id) => {
        const image = found.find((each) => labelOf(each) === id)
        onChange(image ?? (own && id === ownLabel ? own : null))
      }}
      onInputChange={setSearch}
      placeholder="pool/volume"
      isLoading={images.isFetching}
      emptyText={search ? 'No disk image is named like that' : 'No storage pool has a disk image that no VM uses'}
      error={error ?? (images.error ? `The images could not be read: ${images.error.message}` : undefined)}
      description="A qcow2 or raw volume of a storage pool. VMs can be made on each host that has it under this name: each gets a copy."
    />
  )
}

function optionOf(image: TemplateImage, isOwn: boolean): Option {
  const { format, capacityBytes, hostNames, templateName } = image
  const label = labelOf(image)
  return {
    ...{ id: label, label, detail: `${format}, ${formatBytes(capacityBytes)}, on ${formatNames(hostNames, 2)}` },
    ...(templateName && !isOwn ? { disabledReason: `It is the image of ${templateName}` } : {}),
  }
}
