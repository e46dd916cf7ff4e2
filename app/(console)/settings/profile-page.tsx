'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { toast } from 'sonner'
import { authClient } from '#components/auth/auth-client.ts'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { ThemeChoice } from '#components/ui/theme-toggle.tsx'
import { answered } from './answered.ts'
import { SessionCard } from './session-card.tsx'

type Me = Outputs['session']['me']

/** Who I am, how the console looks to me, and where I am signed in. */
export function ProfilePage() {
  const me = useQuery(useTRPC().session.me.queryOptions())
  if (me.error) return <ErrorMessage {...pageFailure('Your profile could not be read', me)} />
  if (!me.data) return <SkeletonRows rows={6} />
  return (
    <div className="grid max-w-280 items-start gap-4 p-4 lg:grid-cols-2">
      <div className="grid min-w-0 gap-4">
        <WhoCard me={me.data} />
        <Card title="Appearance">
          <p className="mb-2 text-sm text-ink-muted">Kept in this browser. “System” follows your machine.</p>
          <ThemeChoice />
        </Card>
      </div>
      <SessionCard />
    </div>
  )
}

function WhoCard({ me }: { me: Me }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const router = useRouter()
  const [name, setName] = useState(me.name)
  const rename = useMutation({
    mutationFn: () => answered(authClient.updateUser({ name: name.trim() })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: trpc.session.me.queryKey() })
      // The menu of the account stands in the frame, which the server renders.
      router.refresh()
      toast.success('Your name is changed')
    },
  })
  const isChanged = name.trim() !== me.name && name.trim() !== ''
  return (
    <Card title="You">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged) rename.mutate()
        }}
      >
        <div className="flex items-end gap-2">
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            autoComplete="name"
            maxLength={80}
            className="flex-1"
          />
          <Button
            type="submit"
            label="Save the name"
            isPending={rename.isPending}
            disabledReason={isChanged ? undefined : 'Type another name first'}
          >
            Save
          </Button>
        </div>
        {rename.error && <ErrorMessage title="Your name was not changed" message={rename.error.message} />}
      </form>
      <dl className="mt-4 grid gap-3 text-sm">
        <div>
          <dt className="text-xs font-medium text-ink-muted">E-mail</dt>
          <dd className="break-words">{me.email}</dd>
          <dd className="text-xs text-ink-faint">You sign in with it; it stays as it is.</dd>
        </div>
        <div>
          <dt className="text-xs font-medium text-ink-muted">Roles</dt>
          <Roles me={me} />
        </div>
      </dl>
    </Card>
  )
}

function Roles({ me }: { me: Me }) {
  if (!me.operator && me.memberships.length === 0) {
    return <dd className="text-ink-muted">None yet. An invitation from a tenant’s admin gives you one.</dd>
  }
  return (
    <>
      {me.operator && <dd>Operator of the whole fleet</dd>}
      {me.memberships.map(({ tenantId, tenantName, role }) => (
        <dd key={tenantId}>
          <span className="capitalize">{role}</span> of <Link href={`/tenants/${tenantId}`}>{tenantName}</Link>
        </dd>
      ))}
    </>
  )
}
