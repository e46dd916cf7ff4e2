import { ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'

export default function NotFound() {
  return (
    <>
      <h1 className="sr-only">Not found</h1>
      <EmptyState title="There is no such page" action={<ButtonLink href="/">Go to the overview</ButtonLink>}>
        The address may be mistyped, or what it named is gone. Search finds anything by name.
      </EmptyState>
    </>
  )
}
