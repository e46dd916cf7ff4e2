'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import { Download, FolderOpen, Package } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { useQueryStates } from 'nuqs'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { readNextPage, rowCount } from '#components/trpc/long-list.ts'
import { Breadcrumb } from '#components/ui/breadcrumb.tsx'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { FittedTable } from '#components/ui/fitted-table.tsx'
import { formatCount } from '#components/ui/format.ts'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { fileSorts, type RecoveryFile } from '#server/schema/recovery-file.ts'
import { ArchiveDialog } from './archive-dialog.tsx'
import { fileColumns } from './file-columns.tsx'
import { downloadHref, type FilePlace, folderHref, pathOf, placeParams, startDownload } from './file-place.ts'
import { visibleName } from './file-words.ts'

const pageSize = 200
const rowId = (file: RecoveryFile) => file.name
const rowName = (file: RecoveryFile) => visibleName(file.name)

interface FileTableProps {
  recoveryPointId: string
  disk: string
  volume: number
  /** What stands for the root */
  rootName: string
}

/** One folder: where it is, what is in it, and how to get it. */
export function FileTable({ recoveryPointId, disk, volume, rootName }: FileTableProps) {
  const trpc = useTRPC()
  const pathname = usePathname()
  const [view, setView] = useQueryStates(placeParams, { history: 'replace' })
  const [archived, setArchived] = useState<FilePlace>()
  const path = useMemo(() => pathOf(view.path), [view.path])
  const here = { recoveryPointId, disk, volume, path }
  const search = useDeferredValue(view.text)
  const input = { ...here, search, sort: view.sort, descending: view.descending, limit: pageSize }
  const list = useInfiniteQuery(
    trpc.recoveryFile.list.infiniteQueryOptions(input, {
      retry: false,
      getNextPageParam: (page, pages) => {
        const loaded = pages.reduce((sum, { files }) => sum + files.length, 0)
        return loaded < page.total && page.files.length > 0 ? loaded : undefined
      },
    }),
  )
  const first = list.data?.pages[0]
  // Two of one name can only be in a damaged folder; the first is the one that is read.
  const rows = useMemo(() => {
    const byName = new Map<string, RecoveryFile>()
    for (const file of list.data?.pages.flatMap(({ files }) => files) ?? []) {
      if (!byName.has(file.name)) byName.set(file.name, file)
    }
    return [...byName.values()]
  }, [list.data])
  const placeOf = (file: RecoveryFile): FilePlace => ({ ...here, path: [...path, file.name] })
  const open = (file: RecoveryFile) => {
    const { path } = placeOf(file)
    if (file.kind === 'folder') void setView({ path: path.join('/'), text: null }, { history: 'push' })
    else if (file.kind === 'file') startDownload(downloadHref('file', placeOf(file)))
  }
  const rowHref = (file: RecoveryFile) => {
    if (file.kind === 'folder') return folderHref(pathname, placeOf(file))
    return file.kind === 'file' ? downloadHref('file', placeOf(file)) : ''
  }
  const menu = (file: RecoveryFile): MenuGroup[] => [
    {
      id: 'file',
      items:
        file.kind === 'folder'
          ? [
              {
                id: 'open',
                label: 'Open',
                icon: <FolderOpen size={14} aria-hidden="true" />,
                onAction: () => open(file),
              },
              {
                id: 'archive',
                label: 'Download as tar…',
                icon: <Package size={14} aria-hidden="true" />,
                onAction: () => setArchived(placeOf(file)),
              },
            ]
          : [
              {
                id: 'download',
                label: 'Download',
                icon: <Download size={14} aria-hidden="true" />,
                ...(file.kind === 'file'
                  ? { onAction: () => open(file) }
                  : { disabledReason: 'It has no content of its own to download' }),
              },
            ],
    },
  ]
  const crumbs = [rootName, ...path].map((name, index, all) => ({
    label: visibleName(name),
    ...(index < all.length - 1 ? { href: folderHref(pathname, { ...here, path: path.slice(0, index) }) } : {}),
  }))
  const notes = [
    first?.warning,
    first?.damage && `${first.damage} What can be read is shown.`,
    first?.isCut &&
      `Only ${formatCount(50_000)} of what is in this folder is listed; download the folder to have all of it.`,
  ].filter((note) => note)
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <Toolbar
        label="Find a file"
        end={
          <Button
            size="sm"
            icon={<Package size={14} aria-hidden="true" />}
            isDisabled={!first}
            onPress={() => setArchived(here)}
          >
            Download folder…
          </Button>
        }
      >
        <div className="min-w-0 grow basis-60 overflow-hidden">
          <Breadcrumb crumbs={crumbs} />
        </div>
        <SearchField
          label="Find in this folder"
          placeholder="Find in this folder"
          value={view.text}
          onChange={(text) => void setView({ text: text || null })}
          className="w-full sm:w-52"
        />
      </Toolbar>
      {notes.map((note) => (
        <p key={String(note)} role="note" className="mx-3 mb-2 rounded-md bg-degraded-soft px-3 py-2 text-xs text-ink">
          {note}
        </p>
      ))}
      <div className="border-t border-line">
        <FittedTable
          label={`Files in ${visibleName(path.at(-1) ?? rootName)}`}
          columns={fileColumns}
          rows={rows}
          rowId={rowId}
          rowName={rowName}
          rowHref={rowHref}
          onOpen={open}
          rowMenu={menu}
          sort={{ columnId: view.sort, direction: view.descending ? 'desc' : 'asc' }}
          onSortChange={({ columnId, direction }) => {
            const sort = fileSorts.find((each) => each === columnId)
            if (sort) void setView({ sort, descending: direction === 'desc' })
          }}
          totalCount={rowCount(list, rows.length, first?.total)}
          onEndReached={() => readNextPage(list)}
          rowsOf={JSON.stringify(input)}
          isLoading={list.isPending}
          error={list.error && pageFailure('The folder can’t be shown', { ...list, error: list.error })}
          empty={
            <EmptyState
              icon={<FolderOpen size={24} aria-hidden="true" />}
              title={search ? `Nothing here has “${visibleName(search)}” in its name` : 'The folder is empty'}
            >
              {search ? 'Only this folder is searched, not what lies below it.' : undefined}
            </EmptyState>
          }
        />
      </div>
      {archived && <ArchiveDialog place={archived} rootName={rootName} onClose={() => setArchived(undefined)} />}
    </div>
  )
}
