import { HostDevices } from './host-devices.tsx'

export default function Page() {
  return <HostDevices />
}
