'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { toast } from 'sonner'
import { authClient } from '#components/auth/auth-client.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { answered } from './answered.ts'
import { browserName } from './browser-name.ts'

const queryKey = ['auth', 'sessions']

async function readSessions() {
  const [sessions, current] = await Promise.all([
    answered(authClient.listSessions()),
    answered(authClient.getSession()),
  ])
  return (sessions ?? [])
    .map((session) => ({ ...session, isCurrent: session.id === current?.session.id }))
    .sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.updatedAt.getTime() - a.updatedAt.getTime())
}

/** Every browser I am signed in with, and a way to end each. */
export function SessionCard() {
  const client = useQueryClient()
  const sessions = useQuery({ queryKey, queryFn: readSessions, staleTime: 0 })
  const ended = {
    onSuccess: () => client.invalidateQueries({ queryKey }),
    onError: (error: Error) => toast.error('The session was not ended', { description: error.message }),
  }
  const end = useMutation({ mutationFn: (token: string) => answered(authClient.revokeSession({ token })), ...ended })
  const endOthers = useMutation({ mutationFn: () => answered(authClient.revokeOtherSessions()), ...ended })
  const others = sessions.data?.filter((session) => !session.isCurrent).length ?? 0
  return (
    <Card
      title="Sessions"
      isFlush
      actions={
        <Button
          size="sm"
          variant="quiet"
          isPending={endOthers.isPending}
          disabledReason={others === 0 ? 'You are signed in nowhere else' : undefined}
          onPress={() => endOthers.mutate()}
        >
          Sign out everywhere else
        </Button>
      }
    >
      {sessions.isPending && <SkeletonRows rows={2} label="Loading sessions" />}
      {sessions.error && (
        <ErrorMessage
          variant="page"
          title="Your sessions could not be read"
          message={sessions.error.message}
          onRetry={() => void sessions.refetch()}
          isRetrying={sessions.isRefetching}
        />
      )}
      <ul className="divide-y divide-line border-t border-line">
        {sessions.data?.map((session) => {
          const name = browserName(session.userAgent)
          return (
            <li key={session.id} className="flex min-h-12 items-center gap-3 px-4 py-1.5">
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-2 text-sm">
                  <span className="truncate font-medium">{name}</span>
                  {session.isCurrent && <Badge tone="accent">this browser</Badge>}
                </p>
                <p className="text-xs text-ink-muted">
                  {session.ipAddress && (
                    <>
                      <span className="font-mono">{session.ipAddress}</span> ·{' '}
                    </>
                  )}
                  signed in <RelativeTime at={session.createdAt} />
                  <span className="text-ink-faint">
                    {' '}
                    · ends <RelativeTime at={session.expiresAt} />
                  </span>
                </p>
              </div>
              {!session.isCurrent && (
                <Button
                  size="sm"
                  label={`End the session of ${name}`}
                  isPending={end.isPending && end.variables === session.token}
                  onPress={() => end.mutate(session.token)}
                >
                  End
                </Button>
              )}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
