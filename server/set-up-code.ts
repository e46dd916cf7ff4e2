// Prints the code that the first sign-up needs, for whoever no longer has the log: `node server/set-up-code.ts`.
import { pendingSetUpCode } from './auth/set-up-code.ts'
import { openDb } from './db.ts'
import { env } from './env.ts'

const { DATABASE_URL, BETTER_AUTH_SECRET } = env()
const db = openDb(DATABASE_URL, { poolSize: 1 })
try {
  const code = await pendingSetUpCode(db, BETTER_AUTH_SECRET)
  if (code === null) console.error('Skerry has an operator already: accounts come by invitation.')
  else console.log(code)
} finally {
  await db.$disconnect()
}
