'use client'

import { useQuery } from '@tanstack/react-query'
import { Layers, Plus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useMemo, useState } from 'react'
import { DeleteTemplateDialog } from '#components/template/delete-template-dialog.tsx'
import { TemplateFormDialog } from '#components/template/template-form-dialog.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type TemplateRow, templateColumns, templateSorts } from './template-columns.tsx'

const none: TemplateRow[] = []
const rowId = (template: TemplateRow) => template.id
const rowName = (template: TemplateRow) => template.name
const rowHref = (template: TemplateRow) => `/fleet/create?template=${template.id}`

/** What VMs are made from. */
export function TemplatesPage({ operator }: { operator: boolean }) {
  const [add, setAdd] = useQueryState('add', parseAsString.withDefault(''))
  const [asked, setAsked] = useState<{ what: 'edit' | 'delete'; template: TemplateRow } | null>(null)
  const templates = useQuery(useTRPC().template.list.queryOptions())
  const columns = useMemo(() => templateColumns(operator), [operator])
  const { rows, sort, onSortChange } = useSortedRows(templates.data ?? none, templateSorts)
  const addButton = operator && (
    <Button variant="primary" icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setAdd('yes')}>
      Add template
    </Button>
  )
  const menu = (template: TemplateRow): readonly MenuGroup[] => {
    const ask = (what: 'edit' | 'delete') => () => setAsked({ what, template })
    const use = { id: 'use', items: [{ id: 'create', label: 'Create a VM from it', href: rowHref(template) }] }
    if (!operator) return [use]
    return [
      use,
      { id: 'edit', items: [{ id: 'edit', label: 'Edit…', onAction: ask('edit') }] },
      { id: 'delete', items: [{ id: 'delete', label: 'Delete…', isDanger: true, onAction: ask('delete') }] },
    ]
  }
  const close = () => setAsked(null)
  return (
    <>
      <PageHeader
        title="Templates"
        meta="Images that VMs are made from. Opening one begins a VM of it."
        actions={addButton}
      />
      <DataTable
        label="Templates"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        rowMenu={menu}
        sort={sort}
        onSortChange={onSortChange}
        isLoading={templates.isPending}
        error={
          templates.error && pageFailure('The templates could not be read', { ...templates, error: templates.error })
        }
        empty={
          <EmptyState
            icon={<Layers size={24} aria-hidden="true" />}
            title="No templates yet"
            {...(addButton ? { action: addButton } : {})}
          >
            {operator
              ? 'Put a disk image, such as a distribution’s cloud image, into a storage pool of your hosts. Then add it here, and VMs are made from it.'
              : 'An operator adds them. Until then VMs begin with blank disks.'}
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
      {add && operator && <TemplateFormDialog onClose={() => void setAdd(null)} />}
      {asked?.what === 'edit' && <TemplateFormDialog template={asked.template} onClose={close} />}
      {asked?.what === 'delete' && <DeleteTemplateDialog template={asked.template} onClose={close} />}
    </>
  )
}
