'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Boxes, Building2, MapPin, Server } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { hostCommandWords } from '#components/host/host-commands.tsx'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import type { CommandPaletteProps } from '#components/ui/command-palette.tsx'
import type { PaletteItem } from '#components/ui/palette-choice.ts'
import { useGo } from '#components/ui/use-go.ts'
import { commandLook } from '#components/vm/vm-command.tsx'
import { type Person, visiblePages } from './navigation.ts'
import { actionsOf } from './palette-actions.ts'
import { isSurelyMeant, type Subject, subjectsFor } from './palette-subjects.ts'
import { askedOf, isFoundBy } from './palette-words.ts'
import { type SubjectCommand, usePaletteCommands } from './use-palette-commands.ts'

type Hit = Outputs['fleet']['search'][number]

const kinds = {
  vm: { icon: Boxes, path: '/vms' },
  host: { icon: Server, path: '/hosts' },
  site: { icon: MapPin, path: '/sites' },
  tenant: { icon: Building2, path: '/tenants' },
} as const

const textsOf = ({ label, keywords = [] }: { label: string; keywords?: readonly string[] }) => [label, ...keywords]
const vmWords = Object.values(commandLook)
const vocabulary = [...vmWords, ...Object.values(hostCommandWords)].map(textsOf)
const mostInvitations = 5

interface UsePalette {
  person: Person
  text: string
  onTextChange: (text: string) => void
  runners: Parameters<typeof usePaletteCommands>[1]
}

/** What the palette shows for what was typed: commands first when one was named, else what is called so. */
export function usePalette(
  props: UsePalette,
): Pick<CommandPaletteProps, 'groups' | 'isFirstMeant' | 'isLoading' | 'problem' | 'hint'> {
  const { person, text, onTextChange, runners } = props
  const trpc = useTRPC()
  const go = useGo()
  const ofPage = subjectOfPage(usePathname(), person)
  const typed = text.trim()
  const asked = askedOf(typed, vocabulary)
  const searched = (wanted: string) => ({
    ...trpc.fleet.search.queryOptions({ text: wanted }),
    enabled: wanted.length > 0,
    staleTime: 5_000,
  })
  const found = useQuery({ ...searched(typed), placeholderData: keepPreviousData })
  const named = useQuery(searched(asked.command ? asked.name : ''))

  const subjects = subjectsFor(asked, {
    found: found.isPlaceholderData ? undefined : found.data,
    named: named.data,
    ofPage,
  })
  const given = usePaletteCommands(subjects, runners)
  const commands = given.commands.filter((command) =>
    asked.command ? isFoundBy(textsOf(command), asked.command) : command.disabledReason === undefined,
  )
  const isKnown = !named.isFetching && !given.isPending
  const canGive = commands.some(({ disabledReason }) => disabledReason === undefined)
  const isCommandFirst = asked.command !== '' || !typed
  // Of what was found for a shorter text, what is called so too stays while more is looked for.
  const kept = (found.data ?? []).filter(
    ({ name }) => !found.isPlaceholderData || name.toLowerCase().includes(typed.toLowerCase()),
  )
  const hits = !asked.command || isKnown ? distinct([...(named.data ?? []), ...(typed ? kept : [])]) : []

  const open = (href: string) => () => go(href)
  const pages = visiblePages(person).filter(({ label }) => isFoundBy([label], typed))
  const places = useQuery(trpc.fleet.places.queryOptions())
  const actions = actionsOf(person, places.data?.tenants ?? []).filter((action) => isFoundBy(textsOf(action), typed))
  const invitations = actions.filter(({ id }) => id.startsWith('invite ')).slice(0, mostInvitations)
  const shownActions = actions.filter((action) => !action.id.startsWith('invite ') || invitations.includes(action))
  const unfinished = asked.command && !asked.name && !ofPage && !text.endsWith(' ') ? asked.command : ''

  const groups = {
    commands: {
      id: 'commands',
      title: 'Commands',
      items: commands.map(commandItem),
    },
    unfinished: {
      id: 'unfinished',
      title: 'Commands',
      items: (unfinished ? vmWords.filter((look) => isFoundBy(textsOf(look), unfinished)) : []).map((look) => ({
        ...{ id: `unfinished ${look.label}`, label: look.label, icon: look.icon, hint: 'then a name' },
        keepsOpen: true,
        onSelect: () => onTextChange(`${look.label.replace('…', '')} `),
      })),
    },
    fleet: { id: 'fleet', title: 'Fleet', items: hits.map((hit) => hitItem(hit, open)) },
    pages: {
      id: 'pages',
      title: 'Pages',
      items: pages.map(({ href, label, icon: Icon }) => ({
        ...{ id: href, label, hint: 'Page', onSelect: open(href) },
        icon: <Icon size={14} aria-hidden="true" />,
      })),
    },
    actions: {
      id: 'actions',
      title: 'Actions',
      items: shownActions.map(({ id, label, icon: Icon, href, onAction }) => ({
        ...{ id, label, icon: <Icon size={14} aria-hidden="true" /> },
        onSelect: href ? open(href) : () => onAction?.(),
      })),
    },
  }
  const problem = found.error ?? named.error ?? given.error
  return {
    isLoading: found.isFetching || named.isFetching || given.isPending,
    problem: problem
      ? {
          ...failure(given.error === problem ? 'What can be done could not be read' : 'The search failed', problem),
          isRetrying: found.isRefetching || named.isRefetching,
          onRetry: () => {
            for (const query of [found, named]) if (query.error) void query.refetch()
            given.refetch()
          },
        }
      : undefined,
    isFirstMeant: !isCommandFirst || (isKnown && (!canGive || isSurelyMeant(asked, commands))),
    hint: asked.command && !asked.name && !ofPage ? 'Type the name of the VM or host' : undefined,
    groups: isCommandFirst
      ? [groups.commands, groups.fleet, groups.pages, groups.unfinished, groups.actions]
      : [groups.fleet, groups.commands, groups.pages, groups.actions],
  }
}

function subjectOfPage(pathname: string, person: Person): Subject | undefined {
  const [, part, id] = pathname.split('/')
  if (part === 'vms' && id) return { kind: 'vm', id }
  return part === 'hosts' && id && person.operator ? { kind: 'host', id } : undefined
}

const distinct = (hits: readonly Hit[]) => [...new Map(hits.map((hit) => [`${hit.kind} ${hit.id}`, hit])).values()]

/** "Migrate…" of shop-web-1 is "Migrate shop-web-1…". */
const withName = (label: string, name: string) =>
  label.endsWith('…') ? `${label.slice(0, -1)} ${name}…` : `${label} ${name}`

function commandItem(command: SubjectCommand): PaletteItem {
  const { id, label, icon, disabledReason, isDanger, onAction, subject, name, place } = command
  return {
    ...{ id: `${id} ${subject.id}`, icon, disabledReason, isDanger },
    ...{ label: withName(label, name), hint: place },
    onSelect: () => onAction?.(),
  }
}

function hitItem({ kind, id, name, detail, state, simulated }: Hit, open: (href: string) => () => void): PaletteItem {
  const { icon: Icon, path } = kinds[kind]
  return {
    ...{ id: `${kind} ${id}`, label: name, onSelect: open(`${path}/${id}`) },
    icon: <Icon size={14} aria-hidden="true" />,
    badge: simulated && <SimulatedBadge />,
    hint: [detail, state?.replace('_', ' ')].filter(Boolean).join(' · '),
  }
}
