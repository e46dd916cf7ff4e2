// Writes what a lab is made of into the database: `node prisma/seed.ts --fleet FILE --sign-in FILE`. May run again and
// again: what is there stays as people have changed it, only the addresses and certificates of hosts are renewed.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemActor } from '#server/auth/actor.ts'
import { appendAudit } from '#server/core/audit.ts'
import { inScope, openDb } from '#server/db.ts'
import { env } from '#server/env.ts'
import { Fleet, seedFleet } from './seed-fleet.ts'
import { type SignIn, seedPeople } from './seed-people.ts'

const { values } = parseArgs({ options: { fleet: { type: 'string' }, 'sign-in': { type: 'string' } } })
const { fleet: fleetPath, 'sign-in': signInPath } = values
if (!fleetPath || !signInPath) throw new Error('usage: node prisma/seed.ts --fleet FILE --sign-in FILE')

const timeoutMs = 60_000
const fleet = Fleet.parse(JSON.parse(await readFile(fleetPath, 'utf8')))
const known: SignIn[] = await readFile(signInPath, 'utf8').then(JSON.parse, () => [])
const { DATABASE_URL, SKERRY_KEY } = env()
const db = openDb(DATABASE_URL, { scope: 'fleet', poolSize: 2 })
try {
  const work = await inScope(
    db,
    'fleet',
    async (tx) => {
      const made = await seedFleet(tx, fleet, SKERRY_KEY)
      const people = await seedPeople(tx, made.tenantIds[0], known)
      const detail = { ...made.count, people: people.made }
      if (Object.values(detail).some((count) => count > 0)) {
        await appendAudit(tx, {
          tenantId: null,
          actorKind: 'system',
          actorId: systemActor.id,
          actorName: systemActor.name,
          action: 'fleet.seed',
          resourceKind: 'fleet',
          resourceId: null,
          resourceName: null,
          outcome: 'succeeded',
          origin: null,
          userAgent: null,
          requestId: null,
          detail,
        })
      }
      return { detail, signIns: people.signIns }
    },
    timeoutMs,
  )
  await writeFile(signInPath, `${JSON.stringify(work.signIns, null, 2)}\n`, { mode: 0o600 })
  console.log(JSON.stringify(work.detail))
} finally {
  await db.$disconnect()
}
