import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Prisma } from '#prisma/generated/client.ts'
import { callAs } from './call.ts'
import { type TestServices, testServices } from './services.ts'
import { type Cast, createCast, createWorld, type World } from './world.ts'

interface Own {
  services: TestServices
  cast: Cast
  /** Another one for each test, on whose VMs nothing works */
  world: World
}

/** People, and one of everything in a tenant of its own, for the tests of one file; filled in before each of them. */
export function worldForTests() {
  const own = {} as Own
  const db = () => own.services.authDb
  beforeAll(async () => {
    own.services = await testServices()
    own.cast = await createCast(own.services)
  })
  beforeEach(async () => {
    own.world = await anotherWorld()
  })
  afterAll(() => own.services?.close())

  async function anotherWorld(): Promise<World> {
    const world = await createWorld(own.services, own.cast)
    await db().operation.deleteMany({ where: { id: world.operation.id } })
    return world
  }

  /** One of the owner's on the world's VM that has failed, where `data` does not say otherwise. */
  const operationRow = (data: Partial<Prisma.OperationUncheckedCreateInput> = {}) => {
    const { cast, world } = own
    return db().operation.create({
      data: {
        ...{ kind: 'power-vm', tenantId: world.tenant.id, targetKind: 'vm', targetId: world.vm.id },
        ...{ targetName: world.vm.name, hostId: world.host.id, actorKind: 'user', actorId: cast.owner.id },
        ...{ actorName: 'Owen', state: 'failed', input: { action: 'suspend', timeoutMs: 120_000 } },
        ...data,
      },
    })
  }

  /** A VM that fits everywhere */
  const small = (name: string) => ({
    ...{ name, tenantId: own.world.tenant.id, siteId: own.world.host.siteId, templateId: null },
    ...{ vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
  })

  return {
    own,
    db,
    anotherWorld,
    operationRow,
    small,
    as: (who: keyof Cast['headers']) => callAs(own.services, own.cast.headers[who]),
    operationById: (id: string) => db().operation.findUniqueOrThrow({ where: { id } }),
  }
}

/** What a call is rejected with. */
export const refusal = (code: string, message = /./) => ({ cause: { code, message: expect.stringMatching(message) } })
