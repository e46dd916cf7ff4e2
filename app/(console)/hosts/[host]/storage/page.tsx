import { HostStorage } from './host-storage.tsx'

export default function Page() {
  return <HostStorage />
}
