import { z } from 'zod'

export const SavedViewInput = z.object({
  name: z.string().trim().min(1).max(60),
  page: z.string().startsWith('/').max(200),
  query: z.string().max(2000),
})
export const SavedViewId = z.uuid()
