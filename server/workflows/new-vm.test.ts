import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { unavailable } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import { cloneVm } from './clone-vm.ts'
import { createVm } from './create-vm.ts'
import type { BareContext } from './define.ts'
import { goBack } from './way-back.ts'

const [operationId, vmId, uuid, hostId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
const name = taggedName('web-vda.qcow2', operationId)
const made = { pool: 'default', name, path: `/pool/${name}` }
const rest = { name: 'web', notes: '', uuid, hostId }
const cases = {
  create: {
    workflow: createVm,
    input: {
      ...{ ...rest, tenantId: null, siteId: randomUUID(), askedHostId: null, templateId: null, template: null },
      ...{ pool: 'default', vcpuCount: 1, memoryBytes: 2 ** 27, disks: [{ sizeBytes: 2 ** 27 }], networks: [] },
    },
    memory: { disks: [made], seed: null },
  },
  clone: {
    workflow: cloneVm,
    input: { ...rest, sourceVmId: randomUUID(), twinId: vmId },
    memory: { original: randomUUID(), copies: [{ target: 'vda', from: made, format: 'qcow2', to: made }] },
  },
}

/** Goes back from the last step, over a host on which the VM is so (null: it has none; 'gone': no answer). */
async function undoAll({ workflow, input, memory }: (typeof cases)[keyof typeof cases], vm: string | null) {
  const did: string[] = []
  let state = vm
  const host: Partial<HypervisorHost> = {
    readVm: async () => (state === null ? null : ({ uuid, state } as VmFacts)),
    findVolume: async () => made as unknown as Awaited<ReturnType<HypervisorHost['findVolume']>>,
    power: async () => {
      throw unavailable('The guest does not let go.')
    },
    undefine: async () => {
      did.push('undefine')
      state = null
    },
    deleteVolume: async (_, volume) => void did.push(`delete ${volume}`),
  }
  const rows = {
    updateMany: async ({ data }: { data: { state: string } }) => did.push(`row is ${data.state}`),
    deleteMany: async () => did.push('row goes'),
  }
  const context = {
    operation: { id: operationId, targetId: vmId },
    input,
    memory,
    db: { vm: rows },
    signal: new AbortController().signal,
    host: async () => {
      if (vm === 'gone') throw unavailable('The host does not answer.')
      return host
    },
  } as unknown as BareContext
  await goBack(workflow, workflow.stepNames.length - 1, async (index, how) => {
    const left = await workflow[how](index, context).then(
      () => null,
      (error: Error) => error.message,
    )
    return { undone: null, left, detail: null }
  })
  return did
}

describe.each(Object.entries(cases))('undoing: %s', (_, each) => {
  test('a guest that can’t be switched off keeps its definition, its disks and its row', async () => {
    expect(await undoAll(each, 'running')).toEqual(['row is unknown'])
  })

  test('so does one whose host does not answer', async () => {
    expect(await undoAll(each, 'gone')).toEqual(['row is unknown'])
  })

  test('of one that is off everything goes', async () => {
    expect(await undoAll(each, 'off')).toEqual(['undefine', `delete ${name}`, 'row goes'])
  })

  test.each([
    ['running', /is there after all/],
    ['off', /is there after all/],
    ['unknown', null],
    [null, null],
  ])('later, what is left of one that is %s now', async (state, refusal) => {
    const row = state === null ? null : { state }
    const db = { vm: { findUnique: async () => row } }
    const { workflow, input, memory } = each
    const context = { operation: { id: operationId, targetId: vmId }, input, memory, db } as unknown as BareContext
    const asked = workflow.stillLeft(context)
    await (refusal ? expect(asked).rejects.toThrow(refusal) : asked)
  })
})
