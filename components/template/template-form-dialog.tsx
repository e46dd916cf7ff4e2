'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure, fieldError, isFieldError } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { type ChosenImage, ImageField } from './image-field.tsx'
import {
  blankTemplate,
  problemsOf,
  shownProblems,
  type TemplateDraft,
  templateFields,
  withImage,
} from './template-draft.ts'
import { TemplateFields } from './template-fields.tsx'

type Template = Outputs['template']['list'][number]

const draftOf = (template: Template): TemplateDraft => ({
  name: template.name,
  description: template.description,
  operatingSystem: template.operatingSystem,
  cloudInit: template.cloudInit,
  defaultVcpus: template.defaultVcpus,
  minMemoryBytes: Number(template.minMemoryBytes),
  minDiskBytes: Number(template.minDiskBytes),
})

export interface TemplateFormDialogProps {
  /** Left out to add one */
  template?: Template
  onClose: () => void
}

/** Adds a template, or changes one. */
export function TemplateFormDialog({ template, onClose }: TemplateFormDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const own = template && { ...template, capacityBytes: null }
  const [draft, setDraft] = useState(template ? draftOf(template) : blankTemplate)
  const [image, setImage] = useState<ChosenImage | null>(own ?? null)
  const [suggestedBytes, setSuggestedBytes] = useState(template ? null : blankTemplate.minDiskBytes)
  const [isTried, setTried] = useState(false)
  const onSuccess = () => {
    void client.invalidateQueries({ queryKey: trpc.template.pathKey() })
    onClose()
  }
  const create = useMutation(trpc.template.create.mutationOptions({ onSuccess }))
  const edit = useMutation(trpc.template.edit.mutationOptions({ onSuccess }))
  const error = create.error ?? edit.error
  const problems = problemsOf(draft, image?.capacityBytes ?? null)
  const forget = () => {
    create.reset()
    edit.reset()
  }
  const chooseImage = (chosen: ChosenImage | null) => {
    setImage(chosen)
    forget()
    if (!chosen?.capacityBytes) return
    const next = withImage(draft, chosen.capacityBytes, suggestedBytes)
    setDraft(next)
    setSuggestedBytes(next.minDiskBytes)
  }
  return (
    <FormDialog
      title={template ? `Edit ${template.name}` : 'Add a template'}
      description={template ? 'VMs that were made of it stay as they are.' : 'An image that VMs are made from.'}
      size="lg"
      submitLabel={template ? 'Save' : 'Add template'}
      isPending={create.isPending || edit.isPending}
      onSubmit={() => {
        setTried(true)
        if (!image || Object.keys(problems).length > 0) return
        const { poolName, volumeName } = image
        const input = { ...draft, poolName, volumeName }
        if (template) edit.mutate({ id: template.id, ...input })
        else create.mutate(input)
      }}
      onClose={onClose}
    >
      <ImageField
        value={image}
        onChange={chooseImage}
        own={own}
        error={isTried && !image ? 'Choose an image' : fieldError(error, 'volumeName')}
      />
      <TemplateFields
        draft={draft}
        onChange={(next) => {
          setDraft(next)
          if (error) forget()
        }}
        problems={shownProblems(isTried ? problems : {}, error)}
        imageBytes={image?.capacityBytes ?? null}
      />
      {error && !isFieldError(error, [...templateFields, 'volumeName']) && (
        <ErrorMessage {...failure(template ? 'The template was not changed' : 'The template was not added', error)} />
      )}
    </FormDialog>
  )
}
