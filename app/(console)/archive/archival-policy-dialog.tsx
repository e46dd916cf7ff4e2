'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatDay, localCopyWord, lockWord, whichWord } from '#components/archive/archive-words.ts'
import { IntervalControl, TimeFields, TimeZoneSelect } from '#components/schedule/time-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Section } from '#components/ui/card.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { NumberField } from '#components/ui/number-field.tsx'
import { type RadioCard, RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { TagList } from '#components/ui/tag.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import {
  ArchivalPolicyInput,
  type Beginning,
  beginnings,
  keptUntil,
  type LocalCopy,
  localCopies,
  lockModes,
  type Which,
  whichWords,
} from '#server/schema/archive.ts'
import { ArchivalPreview } from './archival-preview.tsx'
import type { Policy, TenantArchivePage } from './tenant-archive.tsx'

const gib = 2 ** 30
const beginningWord: Record<Beginning, string> = {
  age: 'As soon as they are old enough',
  schedule: 'At a time',
  fullness: 'When much is stored',
}
const nightly = { every: 'week' as const, minute: 0, hour: 2, weekday: 7, monthday: 1 }

function fresh(page: TenantArchivePage): ArchivalPolicyInput {
  const [store] = page.stores
  return {
    ...{ name: '', enabled: true, archiveStoreId: store?.id ?? '', allVms: true, tags: [], vmIds: [] },
    ...{ datastoreId: null, which: 'every', begins: 'age', minAgeDays: 30, schedule: null, lock: null },
    ...{ aboveBytes: null, downToBytes: null, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    keepDays: Math.min(store?.maxKeepDays ?? 365, Math.max(store?.minKeepDays ?? 365, 365)),
    localCopy: store?.mayDeleteLocal ? 'delete' : 'keep',
  }
}

interface ArchivalPolicyDialogProps {
  tenantId: string
  page: TenantArchivePage
  policy: Policy | undefined
  onClose: () => void
}

/** Which backups go to which archive store, when and for how long; beside it what that moves and costs. */
export function ArchivalPolicyDialog({ tenantId, page, policy, onClose }: ArchivalPolicyDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [draft, setDraft] = useState<ArchivalPolicyInput>(() =>
    policy ? { ...policy.rules, name: policy.name, enabled: policy.enabled } : fresh(page),
  )
  const change = (more: Partial<ArchivalPolicyInput>) => setDraft({ ...draft, ...more })
  const onSuccess = () => {
    onClose()
    return client.invalidateQueries({ queryKey: trpc.archive.pathKey() })
  }
  const create = useMutation(trpc.archive.createPolicy.mutationOptions({ onSuccess }))
  const edit = useMutation(trpc.archive.editPolicy.mutationOptions({ onSuccess }))
  const input = ArchivalPolicyInput.safeParse(draft)
  const problem = (field: string) => input.error?.issues.find(({ path }) => path[0] === field)?.message
  const store = page.stores.find(({ id }) => id === draft.archiveStoreId)
  const lockRefusal = store && lockRefusalOf(store, draft.keepDays)
  const error = refusal('The policy was not saved', create.error ?? edit.error)
  return (
    <FormDialog
      title={policy ? `Edit ${policy.name}` : 'Create an archival policy'}
      size="xl"
      submitLabel={policy ? 'Save' : 'Create policy'}
      isPending={create.isPending || edit.isPending}
      isIncomplete={!input.success}
      onSubmit={() => {
        if (input.success && policy) edit.mutate({ id: policy.id, ...input.data })
        else if (input.success) create.mutate({ tenantId, ...input.data })
      }}
      onClose={onClose}
    >
      <div className="grid gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <div className="grid gap-3 sm:grid-cols-2">
            <TextField label="Name" value={draft.name} onChange={(name) => change({ name })} autoFocus maxLength={60} />
            <Select
              label="Archive store"
              value={draft.archiveStoreId}
              onChange={(archiveStoreId) => change({ archiveStoreId })}
              options={page.stores.map(({ id, name }) => ({ id, label: name }))}
            />
          </div>
          <Section title="Which backups">
            <Checkbox isSelected={draft.allVms} onChange={(allVms) => change({ allVms })}>
              Of all VMs, also of those that are gone
            </Checkbox>
            {!draft.allVms && (
              <>
                <TagList tags={draft.tags} onChange={(tags) => change({ tags })} />
                <div className="flex max-h-40 flex-col gap-1 overflow-y-auto">
                  {page.vms.map((vm) => (
                    <Checkbox
                      key={vm.id}
                      isSelected={draft.vmIds.includes(vm.id)}
                      onChange={(isOn) =>
                        change({
                          vmIds: isOn ? [...draft.vmIds, vm.id] : draft.vmIds.filter((id) => id !== vm.id),
                        })
                      }
                    >
                      {vm.name}
                    </Checkbox>
                  ))}
                </div>
              </>
            )}
            <div className="grid gap-3 sm:grid-cols-2">
              <Select
                label="Recovery points"
                value={draft.which}
                onChange={(which) => change({ which: which as Which })}
                options={whichWords.map((id) => ({ id, label: whichWord[id] }))}
              />
              <Select
                label="In"
                value={draft.datastoreId ?? ''}
                onChange={(id) => change({ datastoreId: id || null })}
                options={[
                  { id: '', label: 'Every datastore' },
                  ...page.datastores.map(({ id, name }) => ({ id, label: name })),
                ]}
              />
            </div>
          </Section>
          <Section title="When">
            <div className="grid gap-3 sm:grid-cols-2">
              <Select
                label="Begins"
                value={draft.begins}
                onChange={(begins) =>
                  change({
                    begins: begins as Beginning,
                    schedule: begins === 'schedule' ? (draft.schedule ?? nightly) : null,
                    aboveBytes: begins === 'fullness' ? (draft.aboveBytes ?? 100 * gib) : null,
                    downToBytes: begins === 'fullness' ? (draft.downToBytes ?? 80 * gib) : null,
                  })
                }
                options={beginnings.map((id) => ({ id, label: beginningWord[id] }))}
              />
              <NumberField
                label="Not younger than"
                unit="days"
                min={0}
                max={3650}
                value={draft.minAgeDays}
                onChange={(minAgeDays) => change({ minAgeDays })}
              />
            </div>
            {draft.schedule && (
              <div className="flex flex-col gap-3">
                <IntervalControl
                  value={draft.schedule.every}
                  onChange={(every) => draft.schedule && change({ schedule: { ...draft.schedule, every } })}
                />
                <div className="grid gap-3 sm:grid-cols-3">
                  <TimeFields
                    time={draft.schedule}
                    change={(more) => draft.schedule && change({ schedule: { ...draft.schedule, ...more } })}
                  />
                </div>
                <TimeZoneSelect value={draft.timeZone} onChange={(timeZone) => change({ timeZone })} />
              </div>
            )}
            {draft.begins === 'fullness' && (
              <div className="grid gap-3 sm:grid-cols-2">
                <NumberField
                  label="Above"
                  unit="GiB"
                  min={0.001}
                  step={1}
                  value={(draft.aboveBytes ?? 0) / gib}
                  onChange={(size) => change({ aboveBytes: Math.round(size * gib) })}
                  error={problem('aboveBytes')}
                />
                <NumberField
                  label="Down to"
                  unit="GiB"
                  min={0.001}
                  step={1}
                  value={(draft.downToBytes ?? 0) / gib}
                  onChange={(size) => change({ downToBytes: Math.round(size * gib) })}
                  error={problem('downToBytes')}
                />
              </div>
            )}
          </Section>
          <NumberField
            label="Kept there for"
            unit="days"
            min={1}
            value={draft.keepDays}
            onChange={(keepDays) => change({ keepDays })}
            description={store ? `The provider allows ${store.minKeepDays} to ${store.maxKeepDays}.` : ''}
          />
          <RadioCards
            label="The local copy is then"
            columns={3}
            cards={localCopies.map((id) => ({ id, ...localCopyWord[id] }))}
            value={draft.localCopy}
            onChange={(id) => change({ localCopy: id as LocalCopy })}
            error={problem('localCopy')}
          />
          {store && (
            <RadioCards
              label="Lock"
              cards={lockCards(lockRefusal, draft.keepDays)}
              description={lockRefusal}
              value={draft.lock ?? 'none'}
              onChange={(id) => change({ lock: lockModes.find((mode) => mode === id) ?? null })}
            />
          )}
          {policy && (
            <Switch isSelected={draft.enabled} onChange={(enabled) => change({ enabled })}>
              Runs by itself
            </Switch>
          )}
          {error && <ErrorMessage {...error} />}
        </div>
        <ArchivalPreview tenantId={tenantId} draft={draft} />
      </div>
    </FormDialog>
  )
}

/** Why what goes to the store can't be locked for so long. */
function lockRefusalOf({ lockRefusal, lockDays }: TenantArchivePage['stores'][number], keepDays: number) {
  if (lockRefusal !== null) return lockRefusal
  if (lockDays === null) return 'The provider does not allow that anything is locked in this store.'
  return keepDays > lockDays ? `The provider allows locks of at most ${formatCounted(lockDays, 'day')}.` : undefined
}

/** What a lock means, by the day that it would end if it began today. */
function lockCards(refusal: string | undefined, keepDays: number): RadioCard[] {
  const day = Number.isFinite(keepDays) ? formatDay(keptUntil(new Date(), keepDays)) : 'that day'
  return [
    { id: 'none', title: 'Not locked', description: 'Who has a key to the store can delete it.' },
    ...lockModes.map((mode) => ({
      ...{ id: mode, title: lockWord[mode].title },
      description: `${lockWord[mode].who} ${day}, if archived today. It costs until then, also when this policy or the tenant is gone.`,
      ...(refusal ? { disabledReason: 'Not possible here.' } : {}),
    })),
  ]
}
