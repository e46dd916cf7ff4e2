import { redirect } from 'next/navigation'

/** VMs are listed at /fleet; whoever shortens the address of one is there too. */
export default function Page() {
  redirect('/fleet')
}
