import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import { diskRecords, serialCounts, serialText, startGuest, waitForAgent, waitForBoot, waitForCount } from './guest.ts'

const OFF_TIMEOUT_MS = 20_000
const WAIT = { timeout: OFF_TIMEOUT_MS, interval: 100 }

let lab: Lab
let first: Host
let second: Host
beforeAll(async () => {
  lab = await Lab.create({ id: 'guest test' })
  first = await lab.addHost({ name: 'first', shared: ['nas'] })
  second = await lab.addHost({ name: 'second', shared: ['nas'] })
  const startedMs = performance.now()
  await startGuest(first, { name: 'mover', address: '10.0.0.7/24', bootsFromDisk: true })
  console.log(`a guest was up after ${Math.round(performance.now() - startedMs)} ms (${lab.accelerator})`)
})
afterAll(() => lab?.destroy())

const state = async (host: Host, name: string) => (await host.virsh('domstate', name)).trim()
const agent = (host: Host, name: string, command: string) =>
  host.virsh('qemu-agent-command', name, `{"execute":"${command}"}`)

test('a guest boots from its own disk, counts on its console, and records each number on the disk', async () => {
  expect(await first.virsh('dumpxml', 'mover')).not.toContain('<kernel>')
  const { n, bootId } = await waitForCount(first, 'mover', 2)
  const records = await diskRecords(first, '/var/lib/libvirt/images/mover.qcow2')
  expect(records.slice(0, n - 1)).toEqual(Array.from({ length: n - 1 }, (_, index) => ({ n: index + 1, bootId })))
})

test('a guest has an agent, its name and its address, memory statistics and a screen', async () => {
  await waitForAgent(first, 'mover')
  expect(await agent(first, 'mover', 'guest-get-host-name')).toContain('"mover"')
  expect(await first.virsh('domifaddr', 'mover', '--source', 'agent')).toContain('10.0.0.7/24')
  await expect.poll(() => first.virsh('dommemstat', 'mover'), { timeout: 10_000 }).toMatch(/unused \d{4,}/)
  const picture = join(lab.dir, 'screen.png')
  await first.virsh('screenshot', 'mover', picture)
  expect((await run('head', ['-c', '4', picture])).slice(1)).toBe('PNG')
})

test('a live migration without shared storage, over TLS, goes on counting in the same boot', async () => {
  const before = await waitForCount(first, 'mover', 3)
  const options = ['--live', '--p2p', '--tls', '--copy-storage-all', '--persistent', '--undefinesource']
  await first.virsh('migrate', ...options, 'mover', second.tlsUri)
  expect(await first.virsh('list', '--all', '--name')).not.toContain('mover')
  const after = await waitForCount(second, 'mover', before.n + 2)
  expect(after.bootId).toBe(before.bootId)
  const all = [...(await serialCounts(first, 'mover')), ...(await serialCounts(second, 'mover'))].map(
    (count) => count.n,
  )
  // The line in which the move happened may be split between the two consoles.
  const missing = Array.from({ length: after.n }, (_, index) => index + 1).filter((n) => !all.includes(n))
  expect(missing.length).toBeLessThanOrEqual(1)
  await waitForAgent(second, 'mover')
})

test('the power button and the agent switch a guest off, and a new boot has a new id', async () => {
  const { bootId } = await waitForCount(second, 'mover')
  await second.virsh('shutdown', 'mover', '--mode', 'acpi')
  await expect.poll(() => state(second, 'mover'), WAIT).toBe('shut off')
  await rm(second.outsidePath('/var/log/libvirt/qemu/mover-serial.log'))
  await second.virsh('start', 'mover')
  expect((await waitForBoot(second, 'mover')).bootId).not.toBe(bootId)
  await waitForAgent(second, 'mover')
  await second.virsh('reboot', 'mover', '--mode', 'agent')
  await waitForBoot(second, 'mover', 2)
  await waitForAgent(second, 'mover')
  await second.virsh('shutdown', 'mover', '--mode', 'agent')
  await expect.poll(() => state(second, 'mover'), WAIT).toBe('shut off')
})

test('a power failure stops a guest in the middle; its records are on the disk', async () => {
  await rm(second.outsidePath('/var/log/libvirt/qemu/mover-serial.log'))
  await second.virsh('start', 'mover')
  const { bootId } = await waitForBoot(second, 'mover')
  const { n } = await waitForCount(second, 'mover', 4)
  await second.powerOff()
  expect(await second.interruptedGuests()).toEqual(['mover'])
  const records = await diskRecords(second, '/var/lib/libvirt/images/mover.qcow2')
  expect(records.slice(0, n - 1).every((record) => record.bootId === bootId)).toBe(true)
  await second.powerOn()
  expect(await state(second, 'mover')).toBe('shut off')
  expect(await second.virsh('list', '--name')).not.toContain('mover')
})

test('a guest with a seed disc takes name, address, files and commands from it', async () => {
  await startGuest(first, {
    name: 'seeded',
    memoryMib: 96,
    seed: {
      metaData: 'instance-id: one\nlocal-hostname: from-meta\n',
      networkConfig: 'version: 2\nethernets:\n  eth0:\n    addresses: [10.0.0.8/24]\n',
      userData: `#cloud-config
hostname: from-user
write_files:
  - path: /srv/note/one.txt
    permissions: '0600'
    content: |
      first line
        it's indented
runcmd:
  - cat /srv/note/one.txt
  - [echo, "two words", done]
`,
    },
  })
  await expect.poll(() => serialText(first, 'seeded'), WAIT).toContain('two words done')
  const text = (await serialText(first, 'seeded')).replaceAll('\r', '')
  expect(text).toContain('BOOT host=from-user')
  expect(text).toContain("first line\n  it's indented\n")
  await waitForAgent(first, 'seeded')
  expect(await first.virsh('domifaddr', 'seeded', '--source', 'agent')).toContain('10.0.0.8/24')
  await first.virsh('destroy', 'seeded')
})

test('a guest on shared storage moves without its disk, gets an address by itself, and dirties memory when asked', async () => {
  await startGuest(first, { name: 'sharer', pool: 'nas', command: 'load memory 20480' })
  await waitForAgent(first, 'sharer')
  await expect
    .poll(() => first.virsh('domifaddr', 'sharer', '--source', 'agent'), WAIT)
    .toContain(lab.gateway.replace(/\.1$/, '.'))
  const options = ['--live', '--p2p', '--tls', '--persistent', '--undefinesource', '--unsafe']
  // A trickle of a link never catches up with such a guest.
  await first.virsh('migrate-setspeed', 'sharer', '1')
  await expect(
    run('timeout', ['4', 'virsh', '-c', uri(first), 'migrate', ...options, 'sharer', second.tlsUri]),
  ).rejects.toThrow()
  await first.virsh('domjobabort', 'sharer').catch(() => '')
  await expect.poll(() => first.virsh('domjobinfo', 'sharer'), WAIT).toMatch(/None/)
  await first.virsh('migrate-setspeed', 'sharer', '1000')
  const before = await waitForCount(first, 'sharer')
  await first.virsh('migrate', ...options, '--auto-converge', 'sharer', second.tlsUri)
  expect((await waitForCount(second, 'sharer', before.n)).bootId).toBe(before.bootId)
  await second.virsh('destroy', 'sharer')
})

function uri(host: Host): string {
  return `qemu+unix:///system?socket=${host.socketPath}`
}

test('an idle guest costs less than a twentieth of a processor', async () => {
  await startGuest(first, { name: 'idler' })
  const usedNs = async () => Number(/cpu.time=(\d+)/.exec(await first.virsh('domstats', '--cpu-total', 'idler'))?.[1])
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const [before, startedMs] = [await usedNs(), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const share = ((await usedNs()) - before) / 1e6 / (performance.now() - startedMs)
  console.log(`an idle guest used ${(share * 100).toFixed(1)} % of a processor`)
  expect(share).toBeLessThan(0.05)
})
