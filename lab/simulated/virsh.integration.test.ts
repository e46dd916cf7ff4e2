import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SimulatedFleet } from './fleet.ts'
import { eventually } from './testing/fleet.ts'

const execute = promisify(execFile)
let dir: string
let fleet: SimulatedFleet

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'virsh-'))
  fleet = new SimulatedFleet({ dir })
  await fleet.start()
})

afterAll(async () => {
  await fleet?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** libvirt's own shell, which knows nothing of our code: it reads what we send only if it is in the right form. */
async function virsh(host: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute('virsh', ['-q', '-c', fleet.host(host).uri, ...args], {
    env: { ...process.env, LC_ALL: 'C' },
  })
  return stdout.trim()
}

const words = (text: string) => text.split('\n').map((line) => line.trim().split(/\s+/))

describe('virsh with a simulated host', () => {
  it('lists VMs and reads all of one', async () => {
    expect(
      words(await virsh('oslo-1', 'list', '--all'))
        .map(([, name, state]) => `${name} ${state}`)
        .sort(),
    ).toEqual(['desktop-cleo running', 'shop-app-1 running', 'shop-web-1 running'])
    const info = await virsh('oslo-1', 'dominfo', 'shop-web-1')
    expect(info).toMatch(/CPU\(s\): +2\n/)
    expect(info).toMatch(/Used memory: +2097152 KiB/)
    expect(info).toMatch(/Persistent: +yes/)
    const stats = new Map(
      words(await virsh('oslo-1', 'domstats', 'shop-web-1')).map(([pair = '']) => pair.split('=') as [string, string]),
    )
    expect(stats.get('state.state')).toBe('1')
    expect(stats.get('vcpu.current')).toBe('2')
    expect(stats.get('block.0.name')).toBe('vda')
    expect(Number(stats.get('cpu.time'))).toBeGreaterThan(1e9)
    expect(Number(stats.get('net.0.rx.bytes'))).toBeGreaterThan(0)
    expect(await virsh('oslo-1', 'domstate', '--reason', 'shop-web-1')).toBe('running (booted)')
    expect(await virsh('oslo-1', 'domifaddr', 'shop-web-1', '--source', 'agent')).toContain('10.90.')
    expect(await virsh('oslo-1', 'qemu-agent-command', 'shop-web-1', '{"execute":"guest-ping"}')).toBe('{"return":{}}')
    expect(await virsh('oslo-1', 'dommemstat', 'shop-web-1')).toContain('actual 2097152')
    expect(await virsh('oslo-1', 'domblkinfo', 'shop-web-1', 'vda')).toMatch(/Capacity: +\d{11}/)
  })

  it('reads the host, its pools, networks and devices, and that it is simulated', async () => {
    expect(await virsh('oslo-1', 'version')).toContain('Running hypervisor: SIMULATED 7.2.0')
    expect(await virsh('oslo-1', 'hostname')).toBe('oslo-1')
    expect(await virsh('oslo-1', 'nodeinfo')).toMatch(/CPU\(s\): +32\n/)
    expect(await virsh('oslo-1', 'nodecpustats')).toMatch(/idle: +\d+/)
    expect(await virsh('oslo-1', 'nodememstats')).toMatch(/total *: +134217728 KiB/)
    expect(
      words(await virsh('oslo-1', 'pool-list'))
        .map(([name, state]) => `${name} ${state}`)
        .sort(),
    ).toEqual(['default active', 'oslo-shared active', 'templates active'])
    expect(await virsh('oslo-1', 'vol-list', 'default')).toContain('/var/lib/libvirt/images/shop-web-1.qcow2')
    expect(await virsh('oslo-1', 'net-list')).toContain('fleet')
    expect(await virsh('oslo-1', 'nodedev-list')).toContain('pci_0000_01_00_0')
    expect(await virsh('oslo-1', 'capabilities')).toContain('Cascadelake')
  })

  it('takes a picture, and bytes of a volume, by stream', async () => {
    const picture = join(dir, 'screen.png')
    await virsh('oslo-1', 'screenshot', 'shop-web-1', picture)
    expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG')
    await virsh('oslo-1', 'vol-create-as', 'default', 'some.raw', '1M', '--format', 'raw')
    await virsh('oslo-1', 'vol-upload', 'some.raw', picture, '--pool', 'default')
    const back = join(dir, 'back')
    await virsh('oslo-1', 'vol-download', 'some.raw', back, '--pool', 'default')
    expect((await readFile(back)).length).toBe(2 ** 20)
    await virsh('oslo-1', 'vol-delete', 'some.raw', '--pool', 'default')
    await expect(virsh('oslo-1', 'vol-info', 'some.raw', '--pool', 'default')).rejects.toThrow(
      /Storage volume not found/,
    )
  })

  it('leads a VM through its life and hears each turn', async () => {
    const listener = listen('oslo-2')
    try {
      await eventually(() => fleet.host('oslo-2').connectionCount === 1)
      await new Promise((resolve) => setTimeout(resolve, 300))
      for (const verb of ['suspend', 'resume', 'destroy', 'start', 'shutdown'])
        await virsh('oslo-2', verb, 'shop-web-2')
      await virsh('oslo-2', 'setmem', 'shop-db-1', '2G')
      await eventually(() => fleet.find('shop-web-2')?.vm.isActive === false)
      await eventually(() => listener.heard.join('').includes('Stopped Shutdown'))
      const heard = listener.heard.join('')
      expect([...heard.matchAll(/'lifecycle' for domain 'shop-web-2': (.*)/g)].map(([, what]) => what)).toEqual([
        'Suspended Paused',
        'Resumed Unpaused',
        'Shutdown Finished after host request',
        'Stopped Destroyed',
        'Resumed Unpaused',
        'Started Booted',
        'Shutdown Finished after guest request',
        'Stopped Shutdown',
      ])
      expect(heard).toContain("'balloon-change' for domain 'shop-db-1': 2097152KiB")
    } finally {
      listener.process.kill()
    }
  })

  it('moves a VM, cancels another move, and says how they went', { timeout: 60_000 }, async () => {
    const move = ['migrate', '--live', '--p2p', '--persistent', '--undefinesource', 'shop-app-1']
    await virsh('oslo-1', ...move, 'qemu+tls://oslo-2/system')
    expect(await virsh('oslo-2', 'domstate', '--reason', 'shop-app-1')).toBe('running (migrated)')
    const ended = await virsh('oslo-2', 'domjobinfo', '--completed', '--keep-completed', 'shop-app-1')
    expect(ended).toMatch(/Job type: +Completed/)
    expect(ended).toMatch(/Memory remaining: +0.000 B/)
    await expect(virsh('oslo-1', 'dominfo', 'shop-app-1')).rejects.toThrow(/failed to get domain/)

    const moving = virsh(
      'oslo-1',
      ...move.slice(0, -1),
      'shop-web-1',
      '--copy-storage-all',
      '--bandwidth',
      '1',
      'qemu+tls://oslo-2/system',
    )
    const failed = expect(moving).rejects.toThrow(/canceled by client/)
    await eventually(() => fleet.find('shop-web-1')?.vm.job)
    expect(await virsh('oslo-1', 'domjobinfo', 'shop-web-1')).toMatch(/Operation: +Outgoing migration/)
    expect(await virsh('oslo-2', 'domstate', '--reason', 'shop-web-1')).toBe('paused (migrating)')
    await virsh('oslo-1', 'domjobabort', 'shop-web-1')
    await failed
    expect(await virsh('oslo-1', 'domstate', 'shop-web-1')).toBe('running')
  })
})

function listen(host: string): { process: ChildProcess; heard: string[] } {
  const child = spawn('virsh', ['-c', fleet.host(host).uri, 'event', '--all', '--loop'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  const heard: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => heard.push(text))
  return { process: child, heard }
}
