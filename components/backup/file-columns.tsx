import { File, FileQuestion, FileWarning, Folder, Link2 } from 'lucide-react'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { formatAbsoluteTime, formatBytes } from '#components/ui/format.ts'
import type { RecoveryFile } from '#server/schema/recovery-file.ts'
import { modeText, visibleName } from './file-words.ts'

const icons = {
  folder: <Folder size={14} aria-hidden="true" className="shrink-0 fill-accent/20 text-accent" />,
  file: <File size={14} aria-hidden="true" className="shrink-0 text-ink-faint" />,
  link: <Link2 size={14} aria-hidden="true" className="shrink-0 text-ink-faint" />,
  other: <FileQuestion size={14} aria-hidden="true" className="shrink-0 text-ink-faint" />,
  damaged: <FileWarning size={14} aria-hidden="true" className="shrink-0 text-failed" />,
}

const notes: Record<RecoveryFile['kind'], (file: RecoveryFile) => string | undefined> = {
  file: () => undefined,
  folder: () => undefined,
  link: ({ target }) => `→ ${target === null ? '?' : visibleName(target)}`,
  other: () => 'device, pipe or socket',
  damaged: () => 'damaged: can’t be read',
}

export const fileColumns: readonly DataColumn<RecoveryFile>[] = [
  {
    id: 'name',
    header: 'Name',
    widthPx: 220,
    isSortable: true,
    cell: (file) => {
      const note = notes[file.kind](file)
      return (
        <span className="flex min-w-0 items-center gap-2" title={visibleName(file.name)}>
          {icons[file.kind]}
          <span className={note ? 'max-w-3/5 shrink-0 truncate' : 'truncate'} dir="auto">
            {visibleName(file.name)}
          </span>
          {note && <span className="truncate font-normal text-ink-muted">{note}</span>}
        </span>
      )
    },
  },
  {
    id: 'size',
    header: 'Size',
    widthPx: 90,
    align: 'end',
    isSortable: true,
    cell: ({ kind, sizeBytes }) => (kind === 'file' ? formatBytes(sizeBytes) : ''),
  },
  {
    id: 'modified',
    header: 'Modified',
    widthPx: 212,
    isSortable: true,
    cell: ({ modifiedMs }) => (modifiedMs === null ? '' : formatAbsoluteTime(modifiedMs)),
  },
  { id: 'mode', header: 'Mode', widthPx: 110, isMono: true, cell: ({ mode }) => modeText(mode) },
]
