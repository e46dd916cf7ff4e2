import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CredentialBox } from '#server/core/credential.ts'
import { WorkerLease } from '#server/core/worker-lease.ts'
import { env } from '#server/env.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { ChangeFeed } from '#server/live/change-feed.ts'
import { log } from '#server/log.ts'
import type { EngineHooks } from '#server/workflows/attempt.ts'
import { CloneExports } from '#server/workflows/clone-exports.ts'
import { type EngineOptions, startEngine } from '#server/workflows/engine.ts'
import { hostTest } from '#server/workflows/host-test.ts'
import { workflows } from '#server/workflows/registry.ts'
import { Repositories } from '#server/workflows/repositories.ts'
import type { TestFleet } from './fleet.ts'
import { TestHosts } from './host-source.ts'

export interface TestEngine {
  hosts: TestHosts
  /** Set what happens around steps from now on */
  hooks: EngineHooks
  stop(): Promise<void>
}

/** The engine in this process over the fleet's hosts. One at a time in a process. */
export async function testEngine(
  fleet: Pick<TestFleet, 'db' | 'databaseUrl'> & Partial<Pick<TestFleet, 'exports'>>,
  options: Partial<Pick<EngineOptions, 'workflows' | 'sweepMs' | 'hostWaitMs' | 'betweenAttemptsMs'>> & {
    workerName?: string
  } = {},
): Promise<TestEngine> {
  const changes = new ChangeFeed(fleet.databaseUrl)
  await changes.open()
  const hosts = new TestHosts(fleet.db)
  const cacheFolder = await mkdtemp(join(tmpdir(), 'skerry-cache-'))
  const repositories = new Repositories({ db: fleet.db, keys: env().SKERRY_KEY, cacheFolder })
  const current: TestEngine = {
    hosts,
    hooks: {},
    stop: async () => {
      await engine.stop(0)
      await worker.release()
      await changes.close()
      await hosts.close()
      await cloneExports.stop()
      await repositories.close()
      await rm(cacheFolder, { recursive: true, force: true })
    },
  }
  const worker = await WorkerLease.take({ db: fleet.db, name: options.workerName ?? 'test-worker', onLost: () => {} })
  const cloneExports = new CloneExports({
    ...{ db: fleet.db, repositories, hosts, log, keys: env().SKERRY_KEY, workerName: worker.name, cacheFolder },
    ...(fleet.exports ?? { port: env().SKERRY_EXPORT_PORT }),
  })
  if (fleet.exports) await cloneExports.tend()
  const engine = await startEngine({
    databaseUrl: fleet.databaseUrl,
    db: fleet.db,
    hosts,
    changes,
    log,
    testHost: hostTest(libvirtDriver, CredentialBox.fromText(env().SKERRY_KEY)),
    repositories,
    cloneExports,
    workflows: options.workflows ?? workflows,
    worker,
    hostWaitMs: options.hostWaitMs ?? 5_000,
    sweepMs: options.sweepMs ?? 1_000,
    ...(options.betweenAttemptsMs === undefined ? {} : { betweenAttemptsMs: options.betweenAttemptsMs }),
    hooks: { aroundStep: (at, run) => (current.hooks.aroundStep ? current.hooks.aroundStep(at, run) : run()) },
  })
  return current
}
