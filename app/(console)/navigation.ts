import {
  Activity,
  Archive,
  Boxes,
  Building2,
  HardDrive,
  History,
  Layers,
  type LucideIcon,
  MapPin,
  Network,
  ScrollText,
  Server,
  Settings,
  ShieldCheck,
  Snowflake,
  Waypoints,
} from 'lucide-react'

export interface Destination {
  href: string
  label: string
  icon: LucideIcon
  /** Its own pages, where it has several; the first one is what `href` opens */
  pages?: readonly { href: string; label: string; operatorOnly?: boolean }[]
  /** Shown to operators only; a tenant has nothing to see there */
  operatorOnly?: boolean
  /** Shown to operators and to those who administer a tenant */
  adminOnly?: boolean
}

export interface NavigationGroup {
  label: string
  destinations: readonly Destination[]
}

/** The tabs of the settings. */
export const settingsPages = [
  { href: '/settings', label: 'Profile' },
  { href: '/settings/security', label: 'Security' },
  { href: '/settings/api-keys', label: 'API keys' },
  { href: '/settings/people', label: 'People', operatorOnly: true },
]

/** Every place of the console, in the order in which a person looks for it. The palette offers the same. */
export const navigation: readonly NavigationGroup[] = [
  {
    label: 'Fleet',
    destinations: [
      { href: '/', label: 'Overview', icon: Waypoints },
      { href: '/fleet', label: 'VMs', icon: Boxes },
      { href: '/hosts', label: 'Hosts', icon: Server, operatorOnly: true },
      { href: '/sites', label: 'Sites', icon: MapPin },
    ],
  },
  {
    label: 'Resources',
    destinations: [
      { href: '/networks', label: 'Networks', icon: Network, operatorOnly: true },
      { href: '/storage', label: 'Storage', icon: HardDrive, operatorOnly: true },
      { href: '/protection', label: 'Protection', icon: ShieldCheck },
      { href: '/recovery-points', label: 'Recovery points', icon: History },
      { href: '/datastores', label: 'Datastores', icon: Archive, operatorOnly: true },
      { href: '/archive', label: 'Archive', icon: Snowflake },
      { href: '/templates', label: 'Templates', icon: Layers },
    ],
  },
  {
    label: 'Administration',
    destinations: [
      { href: '/tenants', label: 'Tenants', icon: Building2 },
      { href: '/operations', label: 'Operations', icon: Activity },
      { href: '/audit', label: 'Audit', icon: ScrollText, adminOnly: true },
      { href: '/settings', label: 'Settings', icon: Settings, pages: settingsPages },
    ],
  },
]

/** Whether `pathname` lies in the part of the console that `href` opens. */
export const isWithin = (pathname: string, href: string) =>
  href === '/'
    ? pathname === '/'
    : pathname === href || pathname.startsWith(`${href}/`) || (href === '/fleet' && pathname.startsWith('/vms/'))

/** The signed-in person as the shell needs to know them. */
export interface Person {
  name: string
  operator: boolean
  /** Owner or admin of some tenant */
  administers: boolean
  memberships: { tenantId: string; tenantName: string; role: string }[]
}

/** What this person is shown. */
export function visibleNavigation(person: Person): NavigationGroup[] {
  return navigation
    .map((group) => ({
      ...group,
      destinations: group.destinations.filter(
        (place) =>
          (!place.operatorOnly || person.operator) && (!place.adminOnly || person.operator || person.administers),
      ),
    }))
    .filter((group) => group.destinations.length > 0)
}

/** The same as one list, with the pages within a place: "Settings › Security". */
export const visiblePages = (person: Person): { href: string; label: string; icon: LucideIcon }[] =>
  visibleNavigation(person)
    .flatMap((group) => group.destinations)
    .flatMap(({ href, label, icon, pages }) =>
      pages
        ? pages
            .filter((page) => !page.operatorOnly || person.operator)
            .map((page) => ({ href: page.href, label: `${label} › ${page.label}`, icon }))
        : [{ href, label, icon }],
    )
