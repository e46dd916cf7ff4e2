import { LockKeyhole } from 'lucide-react'
import { ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'

/** In place of a page that only operators see. */
export function OperatorsOnly({ title }: { title: string }) {
  return (
    <>
      <PageHeader title={title} />
      <EmptyState
        icon={<LockKeyhole size={24} aria-hidden="true" />}
        title="This is for operators"
        action={<ButtonLink href="/fleet">Go to your VMs</ButtonLink>}
      >
        Your roles are in tenants; this page is about the whole fleet. Ask an operator if you need something of it.
      </EmptyState>
    </>
  )
}
