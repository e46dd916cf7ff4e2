import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestFleet } from './fleet.ts'
import { testRepositories } from './repositories.ts'

/** A datastore that the fleet knows, in a folder of its own. */
export async function testDatastore(fleet: Pick<TestFleet, 'db'>, name: string) {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-store-'))
  const path = join(folder, 'store')
  const id = crypto.randomUUID()
  const repositories = testRepositories(fleet.db, join(folder, 'cache'))
  await repositories.prepare({ storeId: id, location: { kind: 'folder', path }, sealed: null })
  await fleet.db.datastore.create({ data: { id, name, kind: 'folder', location: { path } } })
  return {
    id,
    path,
    repositories,
    /** Its files; the database goes as a whole */
    async remove() {
      await repositories.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
