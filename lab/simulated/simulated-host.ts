import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { EventName } from '#server/libvirt/protocol.ts'
import { Client } from './client.ts'
import type { EventContent, Host } from './model/host.ts'
import { start } from './model/power.ts'
import { type Faults, Wire } from './wire.ts'

/** A host of the model behind a unix socket, with knobs for everything that can go wrong. */
export class SimulatedHost {
  readonly model: Host
  readonly socketPath: string
  readonly #faults: Faults = { isFrozen: false, delayMs: 0 }
  readonly #connections = new Map<Client, Wire>()
  #server: Server | undefined

  constructor(model: Host, socketPath: string) {
    this.model = model
    this.socketPath = socketPath
    model.tell = (name, content) => this.#tell(name, content)
  }

  get name(): string {
    return this.model.name
  }

  /** What Skerry and libvirt's shell reach it under. */
  get uri(): string {
    return `qemu:///system?socket=${this.socketPath}`
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get isOn(): boolean {
    return this.#server !== undefined
  }

  /** Switches it on; VMs that start with their host do. Rejects when the socket can't be made. */
  async start(): Promise<void> {
    if (this.#server) return
    await rm(this.socketPath, { force: true })
    const server = createServer((socket) => {
      const wire = new Wire(socket, this.#faults)
      const client = new Client(this.model, socket, wire)
      this.#connections.set(client, wire)
      socket.once('close', () => this.#connections.delete(client))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.socketPath, resolve)
    })
    this.#server = server
    this.model.isOn = true
    for (const vm of this.model.vms.values()) if (vm.autostart && !vm.isActive) start(this.model, vm)
  }

  /** The power fails: connections break, nothing listens any more, running VMs are lost. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    this.model.losePower()
    const closed = new Promise((resolve) => server.close(resolve))
    this.dropConnections()
    await closed
  }

  /** Breaks every connection; new ones are welcome. */
  dropConnections() {
    for (const wire of [...this.#connections.values()]) wire.cut()
  }

  /** Answers nothing any more, keepalive included, and keeps the connections. */
  freeze() {
    this.#faults.isFrozen = true
    for (const wire of this.#connections.values()) wire.applyFreeze()
  }

  /** Goes on after `freeze`, with everything that had to wait. */
  thaw() {
    this.#faults.isFrozen = false
    for (const wire of this.#connections.values()) wire.applyFreeze()
  }

  /** Sends everything this much later; 0 ends it. */
  slow(delayMs: number) {
    this.#faults.delayMs = delayMs
  }

  #tell<N extends EventName>(name: N, content: EventContent<N>) {
    if (this.#connections.size === 0) return
    const body: object = content
    const about = ['domain', 'network', 'pool'].map((key) => Reflect.get(body, key)).find((each) => each !== undefined)
    const uuid: unknown = about ? Reflect.get(about, 'uuid') : undefined
    for (const client of this.#connections.keys())
      client.tell(name, content, typeof uuid === 'string' ? uuid : undefined)
  }
}
