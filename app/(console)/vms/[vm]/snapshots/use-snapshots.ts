'use client'

import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'

export type SnapshotPage = Outputs['snapshot']['list']
export type Snapshot = SnapshotPage['snapshots'][number]
export type Schedule = SnapshotPage['schedules'][number]

export const useSnapshots = (vmId: string) => useQuery(useTRPC().snapshot.list.queryOptions({ vmId }))
