import { z } from 'zod'

export const SearchText = z.object({ text: z.string().trim().min(1).max(100) })
