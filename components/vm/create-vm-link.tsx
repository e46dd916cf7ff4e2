import { ButtonLink } from '#components/ui/button.tsx'
import { useReasonAgainstCreate } from './use-reason-against-create.ts'

/** Where there are no VMs yet: the way to make one, off with the reason for who may not. */
export function CreateVmLink() {
  return (
    <ButtonLink href="/fleet/create" disabledReason={useReasonAgainstCreate()}>
      Create a VM
    </ButtonLink>
  )
}
