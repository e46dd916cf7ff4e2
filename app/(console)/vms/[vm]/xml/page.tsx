import { VmXml } from './vm-xml.tsx'

export default function Page() {
  return <VmXml />
}
