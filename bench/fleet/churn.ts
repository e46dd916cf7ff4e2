import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const turnMs = 250

/**
 * A fleet at work: so many VMs a second change their state, and one a second its name and with it its place in the list,
 * until it is stopped.
 */
export async function startChurn(databaseUrl: string, changesPerSecond: number): Promise<() => Promise<void>> {
  const sql = new pg.Client({ connectionString: databaseUrl, options: '-c skerry.scope=*' })
  await sql.connect()
  const { rows } = await sql.query<{ id: string }>('SELECT id FROM vm ORDER BY name')
  let isStopped = false
  const some = (count: number) => Array.from({ length: count }, () => rows[Math.floor(Math.random() * rows.length)]?.id)
  const done = (async () => {
    for (let turn = 0; !isStopped; turn++) {
      const ids = some(Math.round((changesPerSecond * turnMs) / 1000))
      await sql.query(
        `UPDATE vm SET state = CASE state WHEN 'running' THEN 'paused' ELSE 'running' END, state_since = now()
         WHERE id = ANY ($1)`,
        [ids],
      )
      if (turn % 4 === 0) await sql.query(`UPDATE vm SET name = reverse(name) WHERE id = ANY ($1)`, [some(1)])
      await delay(turnMs)
    }
  })()
  // Told when it is stopped.
  done.catch(() => undefined)
  return async () => {
    isStopped = true
    await done
    await sql.end()
  }
}
