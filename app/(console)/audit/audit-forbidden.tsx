import { LockKeyhole } from 'lucide-react'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'

export function AuditForbidden() {
  return (
    <>
      <PageHeader title="Audit" />
      <EmptyState icon={<LockKeyhole size={24} aria-hidden="true" />} title="This is for admins">
        The audit of a tenant is read by its owners and admins, that of the fleet by operators.
      </EmptyState>
    </>
  )
}
