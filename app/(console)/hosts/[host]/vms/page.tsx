import { HostVms } from './host-vms.tsx'

export default function Page() {
  return <HostVms />
}
