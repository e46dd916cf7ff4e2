import { VmEvents } from './vm-events.tsx'

export default function Page() {
  return <VmEvents />
}
