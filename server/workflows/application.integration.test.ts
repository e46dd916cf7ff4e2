import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInside, waitForAgent } from '#lab/guest/guest.ts'
import { Application } from '#server/schema/backup.ts'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { databaseObstacle, makeDatabaseDisc } from '#server/testing/database-disc.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { mysql } from './application/mysql.ts'
import { scriptOf } from './application/toolkit.ts'

const obstacle = await databaseObstacle()
const discPath = '/var/lib/libvirt/images/databases.iso'

describe.skipIf(obstacle)(`databases in a guest${obstacle ? `: ${obstacle}` : ''}`, () => {
  let fleet: TestFleet
  let engine: TestEngine
  let a: FleetHost
  let trial: Awaited<ReturnType<typeof backupTrial>>
  const inside = (script: string) => runInside(a.lab, 'shop', '/bin/sh', '-c', script)

  beforeAll(async () => {
    fleet = await testFleet('applications', ['a'])
    a = fleet.host('a')
    const disc = a.lab.outsidePath(discPath)
    await rm(disc, { force: true })
    await makeDatabaseDisc(disc)
    trial = await backupTrial(fleet, 'shop', { memoryMib: 640 })
    await waitForAgent(a.lab, 'shop')
    await a.lab.virsh('attach-disk', 'shop', discPath, 'vdb', '--live', '--mode', 'readonly', '--subdriver', 'raw')
    const said =
      await inside(`while read -r module; do insmod "/lib/modules/$module" 2>/dev/null; done </lib/modules/seed
      mkdir -p /disc; (mount -t iso9660 -o ro /dev/vdb /disc && sh /disc/start) 2>&1`)
    expect(said).toBe('')
    await answers('psql -h /run/postgres -U postgres -Atc "SELECT 1"')
    await answers('mariadb --no-defaults --socket=/run/mariadb/socket -Ne "SELECT 1"')
    engine = await testEngine(fleet)
  })
  afterAll(async () => {
    await engine?.stop()
    await trial?.clear()
    await fleet?.close()
  })

  async function answers(question: string) {
    let said = ''
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(1_000)) {
      said = (await inside(`${question} 2>&1`)).trim()
      if (said === '1') return
    }
    throw new Error(`${question}: ${said}; ${await inside('tail -n 20 /run/postgres.log /run/mariadb/log')}`)
  }

  async function backUp() {
    const { on, datastoreId } = trial
    const end = await fleet.ended(await fleet.ask({ ...on, kind: 'back-up-vm', input: { datastoreId } }), 240_000)
    expect(end.error).toBeNull()
    const point = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id: end.id } })
    return { point, applications: Application.array().parse(point.applications) }
  }

  test('PostgreSQL takes a checkpoint and MariaDB is held still over the instant; both are told', async () => {
    await inside('psql -h /run/postgres -U postgres -c "CREATE TABLE sale AS SELECT generate_series(1, 1000) AS id"')
    const checkpoints = async () => Number(await inside('grep -c "checkpoint complete" /run/postgres.log'))
    const before = await checkpoints()
    const { point, applications } = await backUp()
    expect(point.consistency).toBe('application')
    expect(applications).toMatchObject([
      { id: 'postgresql', name: 'PostgreSQL', version: expect.stringMatching(/^\d+\.\d+/), problem: null },
      { id: 'mysql', name: 'MySQL', version: expect.stringMatching(/MariaDB/), problem: null },
    ])
    expect(await checkpoints()).toBe(before + 1)
    const log = await inside('cat /run/mariadb/general.log')
    const [locked, unlocked] = [log.indexOf('FLUSH TABLES WITH READ LOCK'), log.indexOf('UNLOCK TABLES')]
    expect(locked).toBeGreaterThan(0)
    expect(unlocked).toBeGreaterThan(locked)
    // Nothing of it is left, and both go on.
    expect(await inside('ls -d /run/skerry-* 2>/dev/null')).toBe('')
    expect((await inside('psql -h /run/postgres -U postgres -Atc "SELECT count(*) FROM sale"')).trim()).toBe('1000')
    await inside('mariadb --no-defaults --socket=/run/mariadb/socket -e "CREATE DATABASE after"')
    expect(await inside('mariadb --no-defaults --socket=/run/mariadb/socket -Ne "SHOW DATABASES"')).toMatch(/after/)
  })

  test('own scripts run before and after; what fails is told and the backup is made', async () => {
    await inside(`mkdir -p /etc/skerry
      printf '#!/bin/sh\\necho before >>/run/own\\n' >/etc/skerry/before-backup
      printf '#!/bin/sh\\necho after >>/run/own\\necho no mail server >&2\\nexit 3\\n' >/etc/skerry/after-backup
      chmod +x /etc/skerry/*
      echo 'local all all reject' >/run/cluster/pg_hba.conf
      kill -HUP $(head -n 1 /run/cluster/postmaster.pid)`)
    const { applications } = await backUp()
    expect(await inside('cat /run/own')).toBe('before\nafter\n')
    expect(applications).toMatchObject([
      { id: 'own-script', problem: 'no mail server' },
      { id: 'postgresql', problem: expect.stringMatching(/pg_hba.conf/) },
      { id: 'mysql', problem: null },
    ])
  })

  test('a lock that nobody gives back is given up by itself', async () => {
    await inside('mv /etc/skerry/before-backup /etc/skerry/after-backup /run')
    const instance = (await inside('cat /run/mariadb/pid')).trim()
    const answer = await inside(`hold_seconds=8
${scriptOf(mysql.before, { instance, run: 'abandoned' })}`)
    expect(answer).toMatch(/MariaDB/)
    const write =
      'timeout -s KILL 3 mariadb --no-defaults --socket=/run/mariadb/socket -e "CREATE DATABASE later" || echo held'
    expect((await inside(write)).trim()).toMatch(/held$/)
    await pause(10_000)
    expect(await inside(write)).not.toMatch(/held/)
  })
})
