import { SkeletonRows } from '#components/ui/skeleton.tsx'

export default function Loading() {
  return <SkeletonRows rows={10} />
}
