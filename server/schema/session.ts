import { z } from 'zod'

export const minPasswordLength = 12
export const maxPasswordLength = 128
const Name = z.string().trim().min(1, 'Give a name').max(80)
const Email = z.email('This is no e-mail address').max(254).toLowerCase()

export const SignUp = z.object({
  name: Name,
  email: Email,
  password: z.string().min(minPasswordLength, `At least ${minPasswordLength} characters`).max(maxPasswordLength),
  /** From the invitation's link */
  invitationId: z.string().max(64).optional(),
  /** What the first person of a fresh install shows instead */
  setUpCode: z.string().max(64).optional(),
})
export type SignUp = z.infer<typeof SignUp>

export const SwitchTenant = z.object({ tenantId: z.string().max(64) })

export const UserOne = z.object({ userId: z.string().max(64) })
export const UserCreate = z.object({ name: Name, email: Email })
export const UserPage = z.object({
  text: z.string().trim().max(200).optional(),
  limit: z.number().int().min(1).max(200).default(50),
  /** `next` of the page before */
  cursor: z.string().max(64).optional(),
})

export const ApiKeyCreate = z.object({
  name: Name,
  /** Narrows the key to this tenant */
  tenantId: z.string().max(64).optional(),
  readOnly: z.boolean().default(false),
  expiresInDays: z.number().int().min(1).max(366).optional(),
})
export type ApiKeyCreate = z.infer<typeof ApiKeyCreate>
export const ApiKeyOne = z.object({ apiKeyId: z.string().max(64) })
