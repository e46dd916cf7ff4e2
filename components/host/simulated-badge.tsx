import { Badge } from '#components/ui/badge.tsx'

/** Set beside a host or site that only speaks libvirt's protocol, wherever its name stands. */
export const SimulatedBadge = () => <Badge tone="outline">simulated</Badge>
