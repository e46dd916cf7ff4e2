import { Prisma } from '#prisma/generated/client.ts'
import { liveStates } from '#server/schema/operation.ts'

/** For `state IN (…)`: spelt out, since Postgres takes the index of live operations only for constants. */
export const liveStatesSql = Prisma.raw(liveStates.map((state) => `'${state}'`).join(', '))
