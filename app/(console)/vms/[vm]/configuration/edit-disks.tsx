'use client'

import { Plus, Trash2, Undo2 } from 'lucide-react'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/card.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { SizeField } from '#components/vm/size-field.tsx'
import type { EditDraft } from './edit-draft.ts'

interface EditPartProps {
  draft: EditDraft
  onChange: (draft: EditDraft) => void
  isRunning: boolean
}

const defaultDiskBytes = 2 ** 30

/** Disks of the VM: grown, removed with their volumes, added blank. */
export function EditDisks({ draft, onChange, isRunning }: EditPartProps) {
  const setDisk = (target: string, change: Partial<EditDraft['disks'][number]>) =>
    onChange({ ...draft, disks: draft.disks.map((disk) => (disk.target === target ? { ...disk, ...change } : disk)) })
  const key = Math.max(0, ...draft.addedDisks.map((disk) => disk.key)) + 1
  return (
    <Section
      title="Disks"
      description={
        isRunning
          ? 'New and grown disks: now. Removed ones: as soon as the guest lets go of them, so unmount them there first.'
          : 'In effect when it is started.'
      }
      actions={
        <Button
          size="sm"
          icon={<Plus size={13} aria-hidden="true" />}
          onPress={() =>
            onChange({ ...draft, addedDisks: [...draft.addedDisks, { key, sizeBytes: defaultDiskBytes }] })
          }
        >
          Add a disk
        </Button>
      }
    >
      <ul className="flex flex-col gap-2">
        {draft.disks.map((disk) => (
          <li key={disk.target} className="grid grid-cols-[64px_minmax(0,1fr)_28px] items-start gap-2">
            <span className="pt-1.5 font-mono text-xs">{disk.target}</span>
            {disk.isRemoved ? (
              <span className="pt-1.5 text-xs text-failed">
                Goes, and all that is on it ({formatBytes(disk.wasBytes)})
              </span>
            ) : disk.canResize ? (
              <SizeField
                label={`Size of ${disk.target}`}
                isLabelHidden
                valueBytes={disk.sizeBytes}
                onChange={(sizeBytes) => setDisk(disk.target, { sizeBytes })}
                error={
                  disk.sizeBytes < disk.wasBytes ? `It can only grow from ${formatBytes(disk.wasBytes)}` : undefined
                }
                description={
                  disk.sizeBytes > disk.wasBytes
                    ? `Was ${formatBytes(disk.wasBytes)}. Grow the file system inside the guest afterwards.`
                    : undefined
                }
              />
            ) : (
              <span className="pt-1.5 text-xs text-ink-muted">{formatBytes(disk.wasBytes)}, read only</span>
            )}
            {disk.canResize && (
              <IconButton
                label={disk.isRemoved ? `Keep ${disk.target}` : `Remove ${disk.target}`}
                icon={disk.isRemoved ? <Undo2 size={14} aria-hidden="true" /> : <Trash2 size={14} aria-hidden="true" />}
                onPress={() => setDisk(disk.target, { isRemoved: !disk.isRemoved, sizeBytes: disk.wasBytes })}
              />
            )}
          </li>
        ))}
        {draft.addedDisks.map((disk) => (
          <li key={disk.key} className="grid grid-cols-[64px_minmax(0,1fr)_28px] items-start gap-2">
            <span className="pt-1.5 text-xs text-accent">new</span>
            <SizeField
              label="Size of the new disk"
              isLabelHidden
              valueBytes={disk.sizeBytes}
              onChange={(sizeBytes) =>
                onChange({
                  ...draft,
                  addedDisks: draft.addedDisks.map((each) => (each.key === disk.key ? { ...each, sizeBytes } : each)),
                })
              }
            />
            <IconButton
              label="Don’t add this disk"
              icon={<Undo2 size={14} aria-hidden="true" />}
              onPress={() =>
                onChange({ ...draft, addedDisks: draft.addedDisks.filter((each) => each.key !== disk.key) })
              }
            />
          </li>
        ))}
      </ul>
    </Section>
  )
}
