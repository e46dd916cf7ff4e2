'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { TagList } from '#components/ui/tag.tsx'
import type { Vm } from './use-vm.ts'

export function VmTags({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const setTags = useMutation(
    trpc.vm.setTags.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.vm.get.queryKey({ id: vm.id }) }),
      onError: (error) => toast.error(error.message, { description: error.data?.skerry.wayOut }),
    }),
  )
  const change = (tags: string[]) =>
    setTags.mutate({
      ids: [vm.id],
      add: tags.filter((tag) => !vm.tags.includes(tag)),
      remove: vm.tags.filter((tag) => !tags.includes(tag)),
    })
  return (
    <Card title="Tags">
      {vm.may.tag === true ? <TagList tags={vm.tags} onChange={change} /> : <TagList tags={vm.tags} />}
    </Card>
  )
}
