'use client'

import { useQueries } from '@tanstack/react-query'
import type { useHostCommands } from '#components/host/host-commands.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import type { MenuAction } from '#components/ui/menu.tsx'
import type { useVmCommand } from '#components/vm/use-vm-command.tsx'
import { vmMenu } from '#components/vm/vm-command.tsx'
import type { Subject } from './palette-subjects.ts'

export interface SubjectCommand extends MenuAction {
  subject: Subject
  /** Its name and where it is */
  name: string
  place: string
}

interface Runners {
  vm: ReturnType<typeof useVmCommand>
  host: ReturnType<typeof useHostCommands>
}

/** Every command of these VMs and hosts, as their own menus have them. */
export function usePaletteCommands(subjects: readonly Subject[], runners: Runners) {
  const trpc = useTRPC()
  const idsOf = (kind: Subject['kind']) => subjects.filter((subject) => subject.kind === kind).map(({ id }) => id)
  const vms = useQueries({ queries: idsOf('vm').map((id) => trpc.vm.get.queryOptions({ id })) })
  const hosts = useQueries({ queries: idsOf('host').map((id) => trpc.host.get.queryOptions({ id })) })
  const ofVms = vms.flatMap(({ data: vm }) => {
    if (!vm) return []
    const subject = { kind: 'vm' as const, id: vm.id }
    const menu = vmMenu(vm, vm, (command) => runners.vm.run(command, vm))
    return menu.flatMap(({ items }) => items.map((item) => ({ ...item, subject, name: vm.name, place: vm.host.name })))
  })
  const ofHosts = hosts.flatMap(({ data: host }) => {
    if (!host) return []
    const subject = { kind: 'host' as const, id: host.id }
    const menu = runners.host.groups({ ...host, vms: host.promised.vms })
    return menu.flatMap(({ items }) =>
      items.map((item) => ({ ...item, subject, name: host.name, place: host.site.name })),
    )
  })
  const asked = [...vms, ...hosts]
  return {
    commands: [...ofVms, ...ofHosts] as SubjectCommand[],
    isPending: asked.some(({ isPending }) => isPending),
    error: asked.find(({ error }) => error)?.error ?? null,
    refetch: () => {
      for (const query of asked) if (query.error) void query.refetch()
    },
  }
}
