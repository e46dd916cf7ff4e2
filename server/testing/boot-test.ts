import type { z } from 'zod'
import { machineNamePrefix, requestBootTest } from '#server/core/boot-test.ts'
import { BootTestInput } from '#server/schema/boot-test.ts'
import type { FleetHost, TestFleet } from './fleet.ts'
import { judgeOf } from './judge.ts'

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }

/** Asks for a boot test, as the API does. */
export async function askBootTest({ db }: TestFleet, input: z.input<typeof BootTestInput>): Promise<string> {
  const parsed = BootTestInput.parse(input)
  return db.$transaction(async (tx) => {
    const point = await tx.recoveryPoint.findUniqueOrThrow({ where: { id: parsed.recoveryPointId } })
    return (await requestBootTest({ tx, actor, requestId: null }, point, parsed, null)).id
  })
}

/** What of throw-away VMs a host has, told by virsh and ls. */
export async function throwAways(host: FleetHost): Promise<string[]> {
  const judge = judgeOf(host, machineNamePrefix)
  return [...(await judge.known()), ...(await judge.files())]
}
