import { VmSnapshots } from './vm-snapshots.tsx'

export default function Page() {
  return <VmSnapshots />
}
