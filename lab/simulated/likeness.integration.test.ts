import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Frame, FrameParser } from '#server/libvirt/frame.ts'
import { decodeError, encodeCall } from '#server/libvirt/message.ts'
import { Daemon } from '#server/libvirt/testing/daemon.ts'
import { SimulatedFleet } from './fleet.ts'
import { connect, observeLife } from './testing/observe.ts'

let dir: string
let daemon: Daemon
let fleet: SimulatedFleet

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'likeness-'))
  daemon = await Daemon.start()
  fleet = new SimulatedFleet({ dir })
  await fleet.start()
})

afterAll(async () => {
  await fleet?.stop()
  await daemon?.remove()
  await rm(dir, { recursive: true, force: true })
})

const definition = (uuid: string, diskPath: string) => `<domain type='qemu'>
  <name>likeness</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <currentMemory unit='MiB'>32</currentMemory>
  <vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/><tcg><tb-cache unit='MiB'>16</tb-cache></tcg></features>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${diskPath}'/><target dev='vda' bus='virtio'/></disk>
    <controller type='usb' model='none'/>
    <interface type='ethernet'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='virtio'/>
  </devices>
</domain>`

/** The answer to a call of a number that no daemon knows. */
function answerToUnknown(socketPath: string): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const parser = new FrameParser()
    const socket = net.connect(socketPath, () => {
      socket.write(encodeCall('connectOpen', { uri: 'qemu:///system' }, 1))
      const unknown = Buffer.from(encodeCall('connectGetHostname', {}, 2))
      unknown.writeInt32BE(4711, 12)
      socket.write(unknown)
    })
    socket.on('error', reject)
    socket.on('data', (chunk) =>
      parser.push(chunk, (frame) => {
        if (frame.serial !== 2) return
        resolve(frame)
        socket.destroy()
      }),
    )
  })
}

const elementsOf = (xml: string) => new Set([...xml.matchAll(/<(\w+)/g)].map(([, name]) => name ?? ''))

describe('a simulated host beside libvirtd with QEMU', () => {
  it('gives the same outcomes, states, events and statistics through the life of a VM', {
    timeout: 90_000,
  }, async () => {
    const diskPath = join(dir, 'disk.raw')
    execFileSync('truncate', ['-s', '8M', diskPath])
    const vm = { uuid: randomUUID(), name: 'likeness' }
    const xml = definition(vm.uuid, diskPath)
    const simulatedHost = fleet.hosts[0]
    if (!simulatedHost) throw new Error('the fleet has no hosts')
    const observe = async (socketPath: string) => {
      const { host, events } = await connect(socketPath)
      try {
        return await observeLife(host, events, { ...vm, xml })
      } finally {
        await host.close()
      }
    }
    const real = await observe(daemon.socketPath)
    const simulated = await observe(simulatedHost.socketPath)

    expect(simulated.did).toEqual(real.did)
    expect(simulated.states).toEqual(real.states)
    expect(simulated.lifecycle).toEqual(real.lifecycle)
    expect(real.stats).toMatchObject(simulated.stats)
    const realElements = elementsOf(real.xml)
    expect([...elementsOf(simulated.xml)].filter((name) => !realElements.has(name))).toEqual([])
  })

  it('refuses an unknown procedure in the same words', async () => {
    const [real, simulated] = await Promise.all(
      [daemon.socketPath, fleet.hosts[0]?.socketPath ?? ''].map(answerToUnknown),
    )
    if (!real || !simulated) throw new Error('no answers')
    const words = (frame: Frame) => {
      const { code, domain, level, message } = decodeError(frame, 'unknown')
      return { code, domain, level, message }
    }
    expect(words(simulated)).toEqual(words(real))
    expect(words(real)).toMatchObject({ code: 39, domain: 7 })
  })
})
