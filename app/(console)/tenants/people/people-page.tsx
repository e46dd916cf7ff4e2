'use client'

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { UserPlus, Users } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { PeopleTabs } from '../people-tabs.tsx'
import { CreatePersonDialog } from './create-person-dialog.tsx'
import { type Person, peopleColumns } from './people-columns.tsx'
import { peopleInput } from './people-query.ts'
import { usePersonCommands } from './person-commands.tsx'

const rowId = (person: Person) => person.id
const rowName = (person: Person) => person.name

/** Everybody with an account; for operators. */
export function PeoplePage({ myUserId }: { myUserId: string | null }) {
  const trpc = useTRPC()
  const [text, setText] = useQueryState('text', parseAsString.withDefault(''))
  const looked = useDeferredValue(text)
  const [isCreating, setCreating] = useState(false)
  const people = useInfiniteQuery(
    trpc.user.list.infiniteQueryOptions(peopleInput(looked), {
      getNextPageParam: (page) => page.next,
      placeholderData: keepPreviousData,
    }),
  )
  const rows = useMemo(() => people.data?.pages.flatMap((page) => page.people) ?? [], [people.data])
  const commands = usePersonCommands(myUserId)
  return (
    <>
      <PageHeader
        title="People"
        actions={
          <Button variant="primary" icon={<UserPlus size={14} aria-hidden="true" />} onPress={() => setCreating(true)}>
            Create an account
          </Button>
        }
      />
      <PeopleTabs />
      <Toolbar label="Find people">
        <SearchField
          label="Find people"
          placeholder="Name or e-mail…"
          value={text}
          onChange={(next) => void setText(next || null)}
          className="w-full sm:w-72"
        />
      </Toolbar>
      <DataTable
        label="People"
        columns={peopleColumns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowMenu={commands.groups}
        totalCount={rows.length + (people.hasNextPage ? 1 : 0)}
        onEndReached={() => {
          if (people.hasNextPage && !people.isFetchingNextPage) void people.fetchNextPage()
        }}
        isLoading={people.isPending}
        error={people.error && pageFailure('The people could not be read', { ...people, error: people.error })}
        empty={
          <EmptyState icon={<Users size={24} aria-hidden="true" />} title={text ? 'Nobody matches' : 'Nobody yet'} />
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {isCreating && <CreatePersonDialog onClose={() => setCreating(false)} />}
      {commands.dialogs}
    </>
  )
}
