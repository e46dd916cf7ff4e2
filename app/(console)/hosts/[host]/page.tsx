import { HostOverview } from './host-overview.tsx'

export default function Page() {
  return <HostOverview />
}
