import { VmPermissions } from './vm-permissions.tsx'

export default function Page() {
  return <VmPermissions />
}
