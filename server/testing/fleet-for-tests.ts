import { afterAll, beforeAll } from 'vitest'
import type { EngineHooks } from '#server/workflows/attempt.ts'
import { type Caller, callAsOperator } from './call.ts'
import { type TestEngine, testEngine } from './engine.ts'
import { type FleetHost, type TestFleet, testFleet } from './fleet.ts'
import { servicesOver, type TestServices } from './services.ts'

/**
 * A fleet whose operations run, for the tests of one file. What this returns is filled in before the first of them; all
 * of it is taken down after the last.
 */
export function fleetForTests<const Name extends string>(id: string, hostNames: readonly Name[]) {
  const fleet = {} as TestFleet
  const hosts = Object.fromEntries(hostNames.map((name) => [name, {}])) as Record<Name, FleetHost>
  let engine: TestEngine | undefined
  let close: TestFleet['close'] | undefined
  let services: TestServices | undefined
  beforeAll(async () => {
    Object.assign(fleet, await testFleet(id, hostNames))
    close = fleet.close
    for (const name of hostNames) Object.assign(hosts[name], fleet.host(name))
    engine = await testEngine(fleet)
  })
  afterAll(async () => {
    await services?.close()
    await engine?.stop()
    await close?.()
  })
  /** What happens around steps from now on */
  const setHooks = (hooks: EngineHooks) => {
    if (engine) engine.hooks = hooks
  }
  /** Every procedure as an operator */
  const operator = (): Promise<Caller> => {
    services ??= servicesOver(fleet.databaseUrl)
    return callAsOperator(services)
  }
  return { fleet, setHooks, operator, ...hosts }
}
