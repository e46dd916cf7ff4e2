import { expect, test } from 'vitest'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { askCleanUp, askMove, filesOf, linesOf, snapshotsOf, stateOf } from '#server/testing/moving.ts'
import { pause } from './pause.ts'

/** Moves that stand still and fail between the two hosts, where the VM's memory is at stake. */
const { fleet, setHooks, a, b } = fleetForTests('standing-failing', ['a', 'b'])

const folder = '/var/lib/libvirt/images'
const known = (host: FleetHost) => linesOf(host, 'list', '--all', '--name')
const startsByItself = async (host: FleetHost, name: string) =>
  /^Autostart: +enable$/m.test(await host.lab.virsh('dominfo', name))

async function rooted(name: string): Promise<FleetGuest> {
  const guest = await fleet.guest('a', { name, memoryMib: 96, isEmpty: true })
  await a.lab.virsh('snapshot-create-as', name, 'warm')
  return guest
}
const migrate = (guest: FleetGuest) => askMove(fleet, guest, a, b, { mayStandStill: true })
const ofKind = async (host: FleetHost, name: string, kind: '.save' | '.qcow2') => {
  const found = (await filesOf(host, name)).find((file) => file.endsWith(kind))
  if (!found) throw new Error(`no ${kind} of ${name} on ${host.name}`)
  return `${folder}/${found}`
}

/** What a step, or its undoing, does or finds, as `around` has it. */
const at = (step: string, around: (run: () => Promise<unknown>) => Promise<void>) =>
  setHooks({
    async aroundStep(place, run) {
      if (place.step !== step || place.turn !== 'do') return run()
      let result: unknown
      await around(async () => {
        result = await run()
      })
      return result as Awaited<ReturnType<typeof run>>
    },
  })

test('what was put up at its new host and has written to its disks gets no older memory: it goes on where it was', async () => {
  const guest = await rooted('twice')
  at('move', async (run) => {
    const disk = await ofKind(b, 'twice', '.qcow2')
    const definition = (await a.lab.virsh('dumpxml', 'twice', '--inactive')).replace(guest.diskPath, disk)
    await b.lab.run('sh', '-c', `cat >/tmp/twice.xml <<'END'\n${definition}\nEND`)
    await b.lab.virsh('define', '/tmp/twice.xml')
    await b.lab.run('qemu-io', '-c', 'write -q -P 9 1M 64k', disk)
    await run()
  })
  const end = await fleet.ended(await migrate(guest))
  expect(end.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/started on b meanwhile/) })
  expect(end.undone).toEqual(['had it go on where it stood still on a', 'removed the disk made on b'])
  expect(await stateOf(a, 'twice')).toBe('running (restored)')
  expect(await known(b)).not.toContain('twice')
  expect([await filesOf(a, 'twice'), await filesOf(b, 'twice')]).toEqual([['twice.qcow2'], []])
})

test('a new host that is gone is told to have a copy, perhaps, that nobody must resume', async () => {
  const guest = await rooted('alone')
  at('move', async () => {
    await b.lab.powerOff()
    throw new Error('its worker sees no more of it')
  })
  const id = await migrate(guest)
  await expect.poll(() => stateOf(a, 'alone').catch(String), { timeout: 40_000 }).toBe('running (restored)')
  await b.lab.powerOn()
  const end = await fleet.ended(id, 60_000)
  expect(end.undone).toEqual([
    'had it go on where it stood still on a; b can’t be reached, a copy may stand there suspended, and nobody must resume that',
    'removed the disk made on b',
  ])
}, 120_000)

/** libvirt writes a memory through this program, and waits for it. */
const memoryWriter = '/usr/lib/libvirt/libvirt_iohelper'

test.each([
  ['cut', 'head -c 65536', 'LibvirtQemudPart'],
  ['void', ':', ''],
])(
  'a power failure while its memory is saved leaves none: it is off, and may start by itself again (%s)',
  async (name, writes, written) => {
    const guest = await rooted(name)
    await a.lab.virsh('autostart', name)
    await a.lab.run(
      'sh',
      '-c',
      `printf '#!/bin/sh\\n${writes}\\nexec sleep 600\\n' >${folder}/writer && chmod 755 ${folder}/writer`,
    )
    await a.lab.run('mount', '--bind', `${folder}/writer`, memoryWriter)
    const id = await migrate(guest)
    await expect.poll(() => stateOf(a, name), { timeout: 30_000 }).toBe('paused (saving)')
    const beginning = async () => a.lab.run('head', '-c', '16', await ofKind(a, name, '.save'))
    await expect.poll(beginning).toBe(written)
    await a.lab.powerOff()
    await a.lab.powerOn()
    const end = await fleet.ended(id, 60_000)
    expect(end.error).toMatchObject({ code: 'conflict', message: 'The VM was switched off meanwhile.' })
    expect(end.error).not.toHaveProperty('left')
    expect(end.undone).toEqual([
      'left it off on a, which was kept from starting it meanwhile',
      'removed the disk made on b',
    ])
    expect([await stateOf(a, name), await startsByItself(a, name)]).toEqual(['shut off (unknown)', true])
    expect([await filesOf(a, name), await filesOf(b, name)]).toEqual([[`${name}.qcow2`], []])
  },
  120_000,
)

test('a saved memory that can’t be read is kept, and it does not start by itself before somebody has given that up', async () => {
  const guest = await rooted('torn')
  await a.lab.virsh('autostart', 'torn')
  at('stand still', async (run) => {
    await run()
    await a.lab.run('dd', 'if=/dev/zero', `of=${await ofKind(a, 'torn', '.save')}`, 'bs=4k', 'count=1', 'conv=notrunc')
    throw new Error('its worker sees no more of it')
  })
  const id = await migrate(guest)
  const end = await fleet.ended(id)
  setHooks({})
  expect(end.undone).toEqual([])
  expect(end.error).toMatchObject({
    left: [
      expect.stringMatching(/^stand still: .*libvirt can’t read it\. Its start with a stays switched off\.$/),
      'prepare: stays, for what is left needs it',
    ],
  })
  expect([await stateOf(a, 'torn'), await startsByItself(a, 'torn')]).toEqual(['shut off (saved)', false])
  await a.lab.run('rm', await ofKind(a, 'torn', '.save'))
  const cleaned = await fleet.ended(await askCleanUp(fleet, guest, a, id))
  expect(cleaned.error).toBeNull()
  expect(await startsByItself(a, 'torn')).toBe(true)
  expect([await filesOf(a, 'torn'), await filesOf(b, 'torn')]).toEqual([['torn.qcow2'], []])
})

test('one that its host has given up waits for its new host, and goes on there from its memory', async () => {
  const guest = await rooted('given')
  at('move', async (run) => {
    await run()
    await b.lab.powerOff()
    throw new Error('the answer was lost')
  })
  const id = await migrate(guest)
  const row = () => fleet.db.operation.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await row()).phase, { timeout: 40_000 }).toBe('undoing: move')
  // Longer than whoever does not wait tries again.
  await pause(6_000)
  expect(await known(a)).not.toContain('given')
  await b.lab.powerOn()
  const end = await fleet.ended(id, 60_000)
  expect(end.error).not.toHaveProperty('left')
  expect(end.undone).toEqual(['had it go on on b, as a had given it up'])
  expect(await stateOf(b, 'given')).toBe('running (restored)')
  expect(await snapshotsOf(b, 'given')).toEqual(['warm'])
  expect([await filesOf(a, 'given'), (await filesOf(b, 'given')).length]).toEqual([[], 1])
}, 120_000)

test('where the copy of its memory can’t be read any more, its host keeps its own with the disks, and says so', async () => {
  const guest = await rooted('kept')
  await a.lab.virsh('autostart', 'kept')
  at('go on', async (run) => {
    await b.lab.virsh('destroy', 'kept')
    await b.lab.run('dd', 'if=/dev/zero', `of=${await ofKind(b, 'kept', '.save')}`, 'bs=4k', 'count=1', 'conv=notrunc')
    await run()
  })
  const end = await fleet.ended(await migrate(guest))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({
    left: [
      expect.stringMatching(/^kept-memory-copy.*\.save on b: its memory, while the VM is off$/),
      'kept.qcow2 on a: its disk as that memory knows it, while the VM is off',
      expect.stringMatching(/^kept-memory.*\.save on a: its memory, while the VM is off$/),
      'its start with b: switched off, for it would go past its memory',
    ],
  })
  expect(await stateOf(b, 'kept')).toMatch(/^shut off/)
  expect([await startsByItself(b, 'kept'), await snapshotsOf(b, 'kept')]).toEqual([false, ['warm']])
  // Which is all that it takes.
  await a.lab.virsh('restore', await ofKind(a, 'kept', '.save'))
  expect(await stateOf(a, 'kept')).toBe('running (restored)')
  await a.lab.virsh('destroy', 'kept')
})

test('nor does one lose it that was given up when its move failed; it is cleaned up when it runs there', async () => {
  const guest = await rooted('later')
  at('move', async (run) => {
    await run()
    await b.lab.virsh('destroy', 'later')
    await b.lab.run('rm', await ofKind(b, 'later', '.save'))
    throw new Error('the answer was lost')
  })
  const id = await migrate(guest)
  const end = await fleet.ended(id)
  setHooks({})
  expect(end.undone).toEqual([])
  expect(end.error).toMatchObject({
    left: [
      expect.stringMatching(/^move: b alone has the VM, and it is off: .*later-memory\S*\.save on a: its memory/),
      'stand still: stays, for what is left needs it',
      'prepare: stays, for what is left needs it',
    ],
  })
  expect(await filesOf(a, 'later')).toHaveLength(2)
  const memory = await ofKind(a, 'later', '.save')
  const definition = await a.lab.virsh('save-image-dumpxml', memory)
  expect(definition).toContain(`<uuid>${guest.uuid}</uuid>`)
  expect(await snapshotsOf(b, 'later')).toEqual(['warm'])
  await b.lab.virsh('start', 'later')
  const cleaned = await fleet.ended(await askCleanUp(fleet, guest, a, id))
  expect(cleaned.error).toBeNull()
  expect(cleaned.result).toEqual({ undone: ['had it go on on b, as a had given it up'] })
  expect([await filesOf(a, 'later'), (await filesOf(b, 'later')).length]).toEqual([[], 1])
  expect(await stateOf(b, 'later')).toMatch(/^running/)
})
