'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Boxes, Building2, MapPin, Server } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useDeferredValue, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { CommandPalette, type PaletteItem } from '#components/ui/command-palette.tsx'
import { applyTheme } from '#components/ui/theme.ts'
import { type Person, visibleNavigation } from './navigation.ts'

const kinds = {
  vm: { icon: Boxes, path: '/vms' },
  host: { icon: Server, path: '/hosts' },
  site: { icon: MapPin, path: '/sites' },
  tenant: { icon: Building2, path: '/tenants' },
} as const

/** ⌘K: any VM, host, site, tenant, page and command by name. */
export function Palette(props: { person: Person; isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const { person, isOpen, onOpenChange } = props
  const trpc = useTRPC()
  const router = useRouter()
  const [text, setText] = useState('')
  const looked = useDeferredValue(text.trim())
  const found = useQuery({
    ...trpc.fleet.search.queryOptions({ text: looked }),
    enabled: isOpen && looked.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  })
  const matches = (label: string) => label.toLowerCase().includes(text.trim().toLowerCase())
  const pages = visibleNavigation(person)
    .flatMap((group) => group.destinations)
    .map(
      ({ href, label, icon: Icon }): PaletteItem => ({
        id: href,
        label,
        icon: <Icon size={14} aria-hidden="true" />,
        hint: 'Page',
        onSelect: () => router.push(href),
      }),
    )
  const actions: PaletteItem[] = [
    { id: 'create-vm', label: 'Create a VM', keywords: ['new'], onSelect: () => router.push('/fleet/create') },
    ...(person.operator
      ? [
          { id: 'add-host', label: 'Add a host', onSelect: () => router.push('/hosts?add=yes') },
          { id: 'add-template', label: 'Add a template', onSelect: () => router.push('/templates?add=yes') },
        ]
      : []),
    { id: 'theme-light', label: 'Theme: light', onSelect: () => applyTheme('light') },
    { id: 'theme-dark', label: 'Theme: dark', onSelect: () => applyTheme('dark') },
    { id: 'theme-system', label: 'Theme: as the system', onSelect: () => applyTheme('system') },
  ]
  const things = (looked ? (found.data ?? []) : []).map(({ kind, id, name, detail, state }): PaletteItem => {
    const { icon: Icon, path } = kinds[kind]
    return {
      id: `${kind} ${id}`,
      label: name,
      icon: <Icon size={14} aria-hidden="true" />,
      hint: [detail, state?.replace('_', ' ')].filter(Boolean).join(' · '),
      onSelect: () => router.push(`${path}/${id}`),
    }
  })
  return (
    <CommandPalette
      isOpen={isOpen}
      onOpenChange={(open) => {
        setText('')
        onOpenChange(open)
      }}
      search={text}
      onSearchChange={setText}
      isFiltering={false}
      isLoading={found.isFetching}
      groups={[
        { id: 'fleet', title: 'Fleet', items: things },
        { id: 'pages', title: 'Pages', items: pages.filter((item) => matches(item.label)) },
        { id: 'actions', title: 'Actions', items: actions.filter((item) => matches(item.label)) },
      ]}
    />
  )
}
