import { HostNetworks } from './host-networks.tsx'

export default function Page() {
  return <HostNetworks />
}
