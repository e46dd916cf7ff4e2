'use client'

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { UserPlus, UsersRound } from 'lucide-react'
import { parseAsString, useQueryState, useQueryStates } from 'nuqs'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { readNextPage, rowCount } from '#components/trpc/long-list.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { CreatePersonDialog } from './create-person-dialog.tsx'
import { peopleInput, peopleParams } from './people-query.ts'
import { type Person, personColumns } from './person-columns.tsx'
import { type PersonCommand, PersonDialog } from './person-dialog.tsx'
import { personMenu } from './person-menu.ts'

const rowId = (person: Person) => person.id
const rowName = (person: Person) => person.name

/** Everybody with an account, for operators. */
export function PeoplePage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(peopleParams, { history: 'replace' })
  const search = useDeferredValue(view.search)
  const me = useQuery(trpc.session.me.queryOptions())
  const list = useInfiniteQuery(
    trpc.user.list.infiniteQueryOptions(peopleInput(search), {
      getNextPageParam: (page) => page.next,
      placeholderData: keepPreviousData,
    }),
  )
  const [creating, setCreating] = useQueryState('create', parseAsString.withDefault(''))
  const [command, setCommand] = useState<PersonCommand | null>(null)
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.people) ?? [], [list.data])
  return (
    <>
      <Toolbar
        label="People"
        end={
          <Button
            variant="primary"
            icon={<UserPlus size={14} aria-hidden="true" />}
            onPress={() => void setCreating('yes')}
          >
            Create account
          </Button>
        }
      >
        <SearchField
          label="Search people"
          placeholder="Name or e-mail"
          value={view.search}
          onChange={(text) => void setView({ search: text || null })}
          className="w-72 max-w-full"
        />
      </Toolbar>
      <DataTable
        label="People"
        columns={personColumns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowMenu={(person) => personMenu(person, me.data?.id, (kind) => setCommand({ kind, person }))}
        totalCount={rowCount(list, rows.length)}
        onEndReached={() => readNextPage(list)}
        rowsOf={search}
        isLoading={list.isPending}
        error={list.error && pageFailure('People could not be read', list)}
        empty={
          <EmptyState
            icon={<UsersRound size={24} aria-hidden="true" />}
            title="Nobody matches"
            action={<Button onPress={() => void setView({ search: null })}>Clear the search</Button>}
          />
        }
        className="min-h-60 border-t border-line"
      />
      {creating && <CreatePersonDialog onClose={() => void setCreating(null)} />}
      {command && <PersonDialog {...command} onClose={() => setCommand(null)} />}
    </>
  )
}
