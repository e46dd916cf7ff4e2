'use client'

import { useQuery } from '@tanstack/react-query'
import { Layers } from 'lucide-react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatBytes } from '#components/ui/format.ts'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { type SortValue, useSortedRows } from '#components/ui/use-sorted-rows.ts'

type Template = Outputs['template']['list'][number]

const columns: DataColumn<Template>[] = [
  {
    id: 'name',
    header: 'Name',
    isSortable: true,
    widthPx: 170,
    grow: 1,
    cell: (template) => (
      <>
        {template.name}
        {template.cloudInit && <Badge tone="outline">cloud-init</Badge>}
      </>
    ),
  },
  { id: 'os', header: 'System', isSortable: true, widthPx: 110, cell: (template) => template.operatingSystem },
  {
    id: 'description',
    header: 'Description',
    widthPx: 220,
    grow: 3,
    cell: (template) => (
      <span className="truncate" title={template.description}>
        {template.description}
      </span>
    ),
  },
  {
    id: 'memory',
    header: 'Least memory',
    isSortable: true,
    align: 'end',
    widthPx: 116,
    cell: (template) => formatBytes(Number(template.minMemoryBytes)),
  },
  {
    id: 'disk',
    header: 'Least disk',
    isSortable: true,
    align: 'end',
    widthPx: 100,
    cell: (template) => formatBytes(Number(template.minDiskBytes)),
  },
  {
    id: 'image',
    header: 'Image',
    isMono: true,
    widthPx: 210,
    grow: 1,
    cell: (template) => (
      <span className="truncate">
        {template.poolName}/{template.volumeName}
      </span>
    ),
  },
]
const sorts: Record<string, SortValue<Template>> = {
  name: (template) => template.name,
  os: (template) => template.operatingSystem,
  memory: (template) => Number(template.minMemoryBytes),
  disk: (template) => Number(template.minDiskBytes),
}
const none: Template[] = []
const rowId = (template: Template) => template.id
const rowName = (template: Template) => template.name
const rowHref = (template: Template) => `/fleet/create?template=${template.id}`
const menu = (template: Template): readonly MenuGroup[] => [
  { id: 'use', items: [{ id: 'create', label: 'Create a VM from it', href: rowHref(template) }] },
]

/** What VMs are made from. */
export function TemplatesPage() {
  const templates = useQuery(useTRPC().template.list.queryOptions())
  const { rows, sort, onSortChange } = useSortedRows(templates.data ?? none, sorts)
  return (
    <>
      <PageHeader title="Templates" meta="Images that VMs are made from. Opening one begins a VM of it." />
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
          <EmptyState icon={<Layers size={24} aria-hidden="true" />} title="No templates yet">
            A template is an image in a storage pool that hosts have under the same name.
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
    </>
  )
}
