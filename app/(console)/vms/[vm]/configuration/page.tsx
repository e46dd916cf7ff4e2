import { VmConfiguration } from './vm-configuration.tsx'

export default function Page() {
  return <VmConfiguration />
}
