import { VmOverview } from './vm-overview.tsx'

export default function Page() {
  return <VmOverview />
}
