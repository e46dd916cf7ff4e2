import { Tabs } from '#components/ui/tabs.tsx'

/** Tenants and people: two views of who is here. */
export function PeopleTabs() {
  return (
    <Tabs
      label="Tenants and people"
      tabs={[
        { href: '/tenants', label: 'Tenants' },
        { href: '/tenants/people', label: 'People' },
      ]}
      className="-mb-px px-3"
    />
  )
}
