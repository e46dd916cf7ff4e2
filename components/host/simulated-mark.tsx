import { FlaskConical } from 'lucide-react'

/** In a row, before the name of a host that only speaks libvirt's protocol: the label, where there is no room for it. */
export const SimulatedMark = () => (
  <FlaskConical size={12} role="img" aria-label="simulated" className="mr-1 inline align-[-1px] text-ink-muted">
    <title>simulated</title>
  </FlaskConical>
)
