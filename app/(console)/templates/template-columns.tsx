import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import type { SortValue } from '#components/ui/use-sorted-rows.ts'

export type TemplateRow = Outputs['template']['list'][number]

export const templateSorts: Record<string, SortValue<TemplateRow>> = {
  name: (template) => template.name,
  os: (template) => template.operatingSystem,
  vcpus: (template) => template.defaultVcpus,
  memory: (template) => Number(template.minMemoryBytes),
  disk: (template) => Number(template.minDiskBytes),
  where: (template) => template.hostIds.length,
}

/** Tenants know sites, not hosts; where images lie is the operators’ business. */
export function templateColumns(operator: boolean): DataColumn<TemplateRow>[] {
  const columns: DataColumn<TemplateRow>[] = [
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
          {template.description || '–'}
        </span>
      ),
    },
    {
      id: 'vcpus',
      header: 'vCPUs',
      isSortable: true,
      align: 'end',
      widthPx: 76,
      cell: (template) => template.defaultVcpus,
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
      id: 'where',
      header: operator ? 'Hosts' : 'Sites',
      isSortable: true,
      align: 'end',
      widthPx: 80,
      cell: ({ hostIds, siteIds }) =>
        hostIds.length > 0 ? (
          formatCount(operator ? hostIds.length : siteIds.length)
        ) : (
          <span className="text-degraded" title="No host has its image: VMs can’t be made of it">
            None
          </span>
        ),
    },
    {
      id: 'image',
      header: 'Image',
      isMono: true,
      widthPx: 210,
      grow: 1,
      cell: (template) => (
        <span className="truncate" title={`${template.poolName}/${template.volumeName}`}>
          {template.poolName}/{template.volumeName}
        </span>
      ),
    },
  ]
  return operator ? columns : columns.filter(({ id }) => id !== 'image')
}
