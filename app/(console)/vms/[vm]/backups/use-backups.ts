'use client'

import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'

export type BackupPage = Outputs['backup']['list']

export const useBackups = (vmId: string) => useQuery(useTRPC().backup.list.queryOptions({ vmId }))
