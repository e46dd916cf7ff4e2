import { VmBackups } from './vm-backups.tsx'

export default function Page() {
  return <VmBackups />
}
