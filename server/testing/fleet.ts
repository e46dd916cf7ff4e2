import { createGuest, type GuestOptions, startGuest } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import type { Operation } from '#prisma/generated/client.ts'
import { enqueue, type NewOperation } from '#server/core/operation.ts'
import { type Db, openDb } from '#server/db.ts'
import { freePort } from '#server/libvirt/testing/free-port.ts'
import { isLive } from '#server/schema/operation.ts'
import { writeHostRow, writeVmRow, writeVolumeRows } from './fleet-rows.ts'
import { testDatabase } from './postgres.ts'

export interface FleetHost {
  id: string
  name: string
  lab: Host
}

export interface FleetGuest {
  id: string
  uuid: string
  name: string
  diskPath: string
}

/** Real hosts of a lab and a database that knows them. */
export interface TestFleet {
  db: Db
  databaseUrl: string
  lab: Lab
  /** Where its workers serve what clones share, and with which certificate */
  exports: { port: number; certificateFolder: string }
  host(name: string): FleetHost
  /** A guest on the host, known to the database; waits for its boot unless it stays off */
  guest(hostName: string, options: GuestOptions & { off?: boolean }): Promise<FleetGuest>
  /** Enqueues as a person would and @returns the operation's id */
  ask(wanted: NewOperation): Promise<string>
  /** The operation once it has ended */
  ended(operationId: string, timeoutMs?: number): Promise<Operation>
  close(): Promise<void>
}

/** Hosts `a`, `b` … each at a site of its own name; all see the pool `nas`. */
export async function testFleet(id: string, hostNames: readonly string[]): Promise<TestFleet> {
  const [lab, database] = await Promise.all([Lab.create({ id }), testDatabase()])
  const db = openDb(database.url, { scope: 'fleet' })
  const hosts = await Promise.all(
    hostNames.map(async (name): Promise<FleetHost> => {
      const host = await lab.addHost({ name, shared: ['nas'] })
      const known = { name, site: name, migrationUri: host.tlsUri, shared: ['nas'] }
      return {
        id: await writeHostRow(db, { ...known, uri: `qemu:///system?socket=${host.socketPath}` }),
        name,
        lab: host,
      }
    }),
  )
  const find = (name: string) => {
    const found = hosts.find((host) => host.name === name)
    if (!found) throw new Error(`No host ${name}`)
    return found
  }
  return {
    db,
    lab,
    databaseUrl: database.url,
    exports: { port: await freePort(), certificateFolder: lab.exportPkiDir },
    host: find,
    async guest(hostName, { off, ...options }) {
      const host = find(hostName)
      const guest = off ? await createGuest(host.lab, options) : await startGuest(host.lab, options)
      await writeVolumeRows(db, host.id)
      return { ...guest, id: await writeVmRow(db, host.id, guest.uuid) }
    },
    async ask(wanted) {
      const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
      return (await db.$transaction((tx) => enqueue({ tx, actor, requestId: null }, wanted))).id
    },
    async ended(operationId, timeoutMs = 60_000) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const row = await db.operation.findUniqueOrThrow({ where: { id: operationId } })
        if (!isLive(row.state)) return row
        if (Date.now() > deadline) {
          throw new Error(`${row.kind} is still ${row.state} at “${row.step}” (${row.phase}) after ${timeoutMs} ms`)
        }
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    async close() {
      await db.$disconnect()
      await database.close()
      await lab.destroy()
    },
  }
}
