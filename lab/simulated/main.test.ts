import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import type { SimulatedDescription } from './description.ts'
import { atEnd, eventually } from './testing/fleet.ts'

const program = join(import.meta.dirname, 'main.ts')
let dir: string
let child: ChildProcess | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'simulated-main-'))
})

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  child = undefined
  await rm(dir, { recursive: true, force: true })
})

function start(...args: string[]): ChildProcess {
  child = spawn(process.execPath, [program, '--dir', dir, ...args], { stdio: 'ignore' })
  return child
}

const description = (): SimulatedDescription | undefined =>
  existsSync(join(dir, 'fleet.json')) ? JSON.parse(readFileSync(join(dir, 'fleet.json'), 'utf8')) : undefined

describe('the program of simulated hosts', () => {
  it('describes the standing fleet, serves it, and leaves nothing when it is told to stop', async () => {
    const program = start()
    const fleet = await eventually(description, 15_000)
    expect(fleet.simulated).toBe(true)
    expect(fleet.hosts.map(({ name }) => name)).toEqual(['oslo-1', 'oslo-2', 'frankfurt-1', 'tromso-1', 'bergen-1'])
    expect(fleet.guests).toHaveLength(12)
    const vms = fleet.hosts.map(async ({ name, tlsUri, pki }) => {
      expect(existsSync(pki.caCertPath)).toBe(true)
      const host = libvirtDriver.open({ uri: tlsUri, name })
      atEnd(() => host.close())
      await eventually(() => host.connection().state === 'connected')
      return (await host.listVms()).map(({ uuid }) => uuid)
    })
    expect((await Promise.all(vms)).flat().sort()).toEqual(fleet.guests.map(({ uuid }) => uuid).sort())
    program.kill('SIGTERM')
    await eventually(() => program.exitCode !== null || program.signalCode !== null)
    expect(program.exitCode).toBe(0)
    expect(readdirSync(dir)).toEqual(['pki'])
  })

  it('has as many hosts and VMs as it is told', async () => {
    start('--hosts', '30', '--vms', '100', '--seed', 'x')
    const fleet = await eventually(description, 15_000)
    expect(fleet.hosts).toHaveLength(30)
    expect(fleet.guests).toHaveLength(100)
  })

  it('ends with the process that it was given as its parent', async () => {
    const parent = spawn('sleep', ['60'])
    const program = start('--parent', String(parent.pid))
    await eventually(description, 15_000)
    parent.kill()
    await eventually(() => program.exitCode === 0)
    expect(description()).toBeUndefined()
  })
})
