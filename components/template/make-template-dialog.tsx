'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { fieldError, isFieldError } from '#components/trpc/failure.ts'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormBody } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { Select } from '#components/ui/select.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { NamedVm } from '#components/vm/vm-command.tsx'
import { firstDiskOf } from '#server/schema/template.ts'
import { blankTemplate, problemsOf, shownProblems, type TemplateDraft, templateFields } from './template-draft.ts'
import { TemplateFields } from './template-fields.tsx'

type Vm = Outputs['vm']['get']
type HostPool = Outputs['storage']['list'][number]

/** Makes a template of a VM that is off, with a copy of its first disk. */
export function MakeTemplateDialog({ vm: { id, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const trpc = useTRPC()
  const vm = useQuery(trpc.vm.get.queryOptions({ id }))
  const pools = useQuery({
    ...trpc.storage.list.queryOptions({ hostId: vm.data?.host.id ?? id }),
    enabled: vm.data !== undefined,
  })
  return (
    <ReadingDialog
      title={`Make a template of ${name}`}
      description="Its first disk is copied as it is, with all that is on it; others are not. The VM is not changed."
      size="lg"
      query={vm.data ? pools : vm}
      onClose={onClose}
    >
      {vm.data && pools.data && <MakeTemplateForm vm={vm.data} pools={pools.data} onClose={onClose} />}
    </ReadingDialog>
  )
}

function MakeTemplateForm({ vm, pools, onClose }: { vm: Vm; pools: readonly HostPool[]; onClose: () => void }) {
  const trpc = useTRPC()
  const disk = firstDiskOf(vm.disks)
  const there = pools.filter((pool) => pool.host.id === vm.host.id && pool.active)
  const sharedBy = ({ id, sharedKey }: HostPool) =>
    sharedKey === null
      ? 0
      : pools.filter((pool) => pool.sharedKey === sharedKey && pool.id !== id && pool.active).length
  const widest = there.toSorted((a, b) => sharedBy(b) - sharedBy(a))[0]
  const [draft, setDraft] = useState<TemplateDraft>({
    ...blankTemplate,
    defaultVcpus: vm.vcpuCount,
    minMemoryBytes: Number(vm.memoryBytes),
    minDiskBytes: Number(disk?.capacityBytes ?? blankTemplate.minDiskBytes),
  })
  const [poolName, setPoolName] = useState(widest?.name ?? '')
  const [isTried, setTried] = useState(false)
  const [idempotencyKey, setIdempotencyKey] = useState(() => crypto.randomUUID())
  const make = useMutation(
    trpc.template.makeOfVm.mutationOptions({
      onSuccess: () => {
        toast.success(`${draft.name} is being made of ${vm.name}`)
        onClose()
      },
      onError: () => setIdempotencyKey(crypto.randomUUID()),
    }),
  )
  const problems = problemsOf(draft, disk ? Number(disk.capacityBytes) : null)
  const error = refusal(`No template was made of ${vm.name}`, make.error)
  return (
    <FormBody
      footerNote={disk ? `Copies ${formatBytes(Number(disk.allocationBytes || disk.capacityBytes))}` : undefined}
      submitLabel="Make template"
      isPending={make.isPending}
      disabledReason={
        !disk
          ? `${vm.name} has no disk`
          : there.length === 0
            ? `${vm.host.name} has no active storage pool for the copy: start one there`
            : undefined
      }
      onSubmit={() => {
        setTried(true)
        if (Object.keys(problems).length > 0) return
        make.mutate({ vmId: vm.id, ...draft, poolName, idempotencyKey })
      }}
      onClose={onClose}
    >
      <TemplateFields
        draft={draft}
        onChange={(next) => {
          setDraft(next)
          if (make.error) make.reset()
        }}
        problems={shownProblems(isTried ? problems : {}, make.error)}
        imageBytes={null}
      />
      <Select
        label="Storage pool of its image"
        value={poolName || null}
        onChange={setPoolName}
        options={there.map((pool) => ({
          id: pool.name,
          label: pool.name,
          detail: `${formatBytes(Number(pool.availableBytes))} free, ${seenBy(vm.host.name, sharedBy(pool))}`,
        }))}
        error={fieldError(make.error, 'poolName')}
        description="VMs can be made on hosts that see this pool; on others once they have the same file in a pool of that name."
      />
      <p className="text-xs text-ink-muted">
        A copy knows what the original knew: passwords, SSH host keys, its machine id. Clean the system before, for
        example with <code className="font-mono">cloud-init clean --machine-id --logs</code>, and shut it down.
      </p>
      {error && !isFieldError(make.error, [...templateFields, 'poolName']) && <ErrorMessage {...error} />}
    </FormBody>
  )
}

const seenBy = (hostName: string, others: number) =>
  others === 0 ? `seen by ${hostName} alone` : `shared with ${others === 1 ? 'another host' : `${others} other hosts`}`
