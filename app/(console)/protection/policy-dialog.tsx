'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { ruleWord } from '#components/protection/protection-words.ts'
import { scheduleText } from '#components/schedule/schedule-words.ts'
import { IntervalControl, TimeFields, TimeZoneSelect } from '#components/schedule/time-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/card.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { Select } from '#components/ui/select.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { TagList } from '#components/ui/tag.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { backupsPerHost } from '#server/schema/backup.ts'
import { ProtectionPolicyInput, retentionRules } from '#server/schema/protection.ts'
import type { ScheduleMoment } from '#server/schema/schedule.ts'
import { BootTestSection } from './boot-test-section.tsx'
import type { Policy, PolicyPage } from './policies-table.tsx'
import { PolicyPreview } from './policy-preview.tsx'

const nightly: ScheduleMoment = { every: 'day', minute: 0, hour: 3, weekday: 7, monthday: 1 }

/** Times have no name of their own: while they are edited each has a key. */
interface Draft extends ProtectionPolicyInput {
  schedules: (ScheduleMoment & { key: string })[]
}
const keyed = (moment: ScheduleMoment) => ({ ...moment, key: crypto.randomUUID() })

const fresh = (datastoreId: string, vmIds: string[]): Draft => ({
  ...{ name: '', allVms: false, tags: [], vmIds, schedules: [keyed(nightly)], enabled: true, datastoreId },
  retention: { last: 3, hourly: 0, daily: 7, weekly: 4, monthly: 6, yearly: 0 },
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  lateAfterMinutes: 240,
  bootTest: null,
})

function draftOf(policy: Policy): Draft {
  const { name, allVms, tags, vmIds, enabled, datastoreId, retention, timeZone, lateAfterMinutes, bootTest } = policy
  const schedules = policy.schedules.map(keyed)
  return {
    ...{ name, allVms, tags, vmIds, schedules, enabled, datastoreId, retention, timeZone, lateAfterMinutes, bootTest },
  }
}

interface PolicyDialogProps {
  page: PolicyPage
  /** Undefined for a new one */
  policy: Policy | undefined
  /** The VM that a new one shall take, and the tenant it belongs to */
  begunFor?: { vmId: string; tenantId: string | null } | undefined
  onClose: () => void
}

/** Which VMs are backed up, when, where to and what stays; beside it what that means for the VMs there are. */
export function PolicyDialog({ page, policy, begunFor, onClose }: PolicyDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  // Of a tenant for which they may make none it is left out.
  const begun = page.tenants.some(({ id }) => id === begunFor?.tenantId) ? begunFor : undefined
  const [draft, setDraft] = useState(() =>
    policy ? draftOf(policy) : fresh(page.datastores[0]?.id ?? '', begun ? [begun.vmId] : []),
  )
  const [tenantId, setTenantId] = useState(
    policy ? policy.tenantId : (begun ?? { tenantId: page.tenants[0]?.id ?? null }).tenantId,
  )
  const change = (more: Partial<Draft>) => setDraft({ ...draft, ...more })
  const onSuccess = () => {
    onClose()
    return client.invalidateQueries({ queryKey: trpc.protection.pathKey() })
  }
  const create = useMutation(trpc.protection.create.mutationOptions({ onSuccess }))
  const edit = useMutation(trpc.protection.edit.mutationOptions({ onSuccess }))
  const isWhole = ProtectionPolicyInput.safeParse(draft).success
  const selectsNone = !draft.allVms && draft.tags.length === 0 && draft.vmIds.length === 0
  const error = refusal('The policy was not saved', create.error ?? edit.error)
  return (
    <FormDialog
      title={policy ? `Edit ${policy.name}` : 'Create a protection policy'}
      size="xl"
      submitLabel={policy ? 'Save' : 'Create policy'}
      isPending={create.isPending || edit.isPending}
      isIncomplete={!isWhole}
      {...(selectsNone ? { disabledReason: 'Give a tag, choose VMs, or take all of them' } : {})}
      onSubmit={() => (policy ? edit.mutate({ id: policy.id, ...draft }) : create.mutate({ tenantId, ...draft }))}
      onClose={onClose}
    >
      <div className="grid gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <div className="grid gap-3 sm:grid-cols-2">
            <TextField label="Name" value={draft.name} onChange={(name) => change({ name })} autoFocus maxLength={60} />
            {!policy && page.tenants.length > 1 && (
              <Select
                label="Tenant"
                value={tenantId ?? ''}
                onChange={(id) => {
                  setTenantId(id || null)
                  change({ vmIds: [] })
                }}
                options={page.tenants.map(({ id, name }) => ({ id: id ?? '', label: name }))}
              />
            )}
          </div>
          <Section
            title="VMs"
            description="Those with any of the tags, now and later, and those chosen in the preview."
          >
            <Checkbox isSelected={draft.allVms} onChange={(allVms) => change({ allVms })}>
              All VMs, also those still to come
            </Checkbox>
            {!draft.allVms && <TagList tags={draft.tags} onChange={(tags) => change({ tags })} />}
          </Section>
          <Section
            title="When"
            description={`Of each host ${backupsPerHost} VMs are backed up at a time. What is missed is made up for once.`}
            actions={
              <Button
                size="sm"
                icon={<Plus size={13} aria-hidden="true" />}
                disabledReason={draft.schedules.length >= 10 ? 'Ten are the most' : undefined}
                onPress={() => change({ schedules: [...draft.schedules, keyed({ ...nightly, hour: 12 })] })}
              >
                Add a time
              </Button>
            }
          >
            {draft.schedules.map((moment, index) => (
              <MomentFields
                key={moment.key}
                moment={moment}
                onChange={(next) => change({ schedules: draft.schedules.with(index, { ...next, key: moment.key }) })}
                {...(draft.schedules.length > 1
                  ? { onRemove: () => change({ schedules: draft.schedules.toSpliced(index, 1) }) }
                  : {})}
              />
            ))}
            <div className="grid gap-3 sm:grid-cols-2">
              <TimeZoneSelect value={draft.timeZone} onChange={(timeZone) => change({ timeZone })} />
              <NumberField
                label="Late after"
                unit="min"
                value={draft.lateAfterMinutes}
                onChange={(lateAfterMinutes) => change({ lateAfterMinutes })}
                min={5}
                max={44_640}
                step={5}
              />
            </div>
          </Section>
          <Section
            title="What stays"
            description="The newest of each period. The newest of all always stays; what was made by hand is never touched."
          >
            <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
              {retentionRules.map((rule) => (
                <NumberField
                  key={rule}
                  label={ruleWord[rule].charAt(0).toUpperCase() + ruleWord[rule].slice(1)}
                  value={draft.retention[rule]}
                  onChange={(count) => change({ retention: { ...draft.retention, [rule]: count } })}
                  min={rule === 'last' ? 1 : 0}
                  max={999}
                />
              ))}
            </div>
          </Section>
          <Select
            label="Datastore"
            value={draft.datastoreId}
            onChange={(datastoreId) => change({ datastoreId })}
            options={page.datastores.map(({ id, name }) => ({ id, label: name }))}
          />
          <BootTestSection bootTest={draft.bootTest} onChange={(bootTest) => change({ bootTest })} />
          {policy && (
            <Switch isSelected={draft.enabled} onChange={(enabled) => change({ enabled })}>
              Backs VMs up
            </Switch>
          )}
          {error && <ErrorMessage {...error} />}
        </div>
        <PolicyPreview
          tenantId={tenantId}
          draft={draft}
          {...(policy ? { policyId: policy.id } : {})}
          onTag={(tag) => change({ tags: [...draft.tags, tag] })}
          onVms={(vmIds) => change({ vmIds })}
        />
      </div>
    </FormDialog>
  )
}

interface MomentFieldsProps {
  moment: ScheduleMoment
  onChange: (moment: ScheduleMoment) => void
  onRemove?: () => void
}

function MomentFields({ moment, onChange, onRemove }: MomentFieldsProps) {
  const text = scheduleText(moment)
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-line p-3" aria-label={text}>
      <div className="flex items-center gap-2">
        <IntervalControl value={moment.every} onChange={(every) => onChange({ ...moment, every })} />
        <span className="flex-1" />
        {onRemove && (
          <IconButton label={`Remove: ${text}`} icon={<Trash2 size={14} aria-hidden="true" />} onPress={onRemove} />
        )}
      </div>
      <div className="grid gap-3 sm:grid-cols-3">
        <TimeFields time={moment} change={(more) => onChange({ ...moment, ...more })} />
      </div>
    </fieldset>
  )
}
