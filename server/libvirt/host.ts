import { EventEmitter } from 'node:events'
import { openConnection } from './connect.ts'
import { CallTimeout, ConnectionLost, type ProtocolError } from './error.ts'
import { JobPool } from './job-pool.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import type { CallOptions } from './pending-call.ts'
import {
  type CallArgs,
  type CallResult,
  type EventName,
  events,
  type LibvirtEvent,
  type ProcedureName,
  type StreamProcedureName,
} from './protocol.ts'
import { CallQueue, type QueuedCallOptions } from './queue.ts'
import type { RpcConnection } from './rpc.ts'
import type { LibvirtStream } from './stream.ts'
import { subscribe } from './subscription.ts'
import type { Transport } from './transport/socket.ts'

export interface HostOptions {
  transport: Transport
  /** Which driver on the daemon, such as `qemu:///system`. */
  uri: string
  /** The events to subscribe to: all that we know unless said otherwise. */
  events?: readonly EventName[] | undefined
  connectTimeoutMs?: number | undefined
  /** For control calls that say nothing else. */
  callTimeoutMs?: number | undefined
  keepalive?: KeepaliveOptions | undefined
  /** The wait after the first failure doubles with every further one up to the longest. */
  reconnect?: { shortestMs: number; longestMs: number } | undefined
}

export type HostState =
  /** `after` is why the attempt before this one failed. */
  | { readonly status: 'connecting'; readonly after?: Error }
  /** `missingEvents` are those that this daemon does not have. */
  | { readonly status: 'connected'; readonly missingEvents: readonly EventName[] }
  | { readonly status: 'lost'; readonly reason: Error }
  | { readonly status: 'closed' }

interface HostEvents {
  state: [HostState]
  /** Events flow from here on; what they change must be listed after this, because nothing before it was heard. */
  connected: []
  lost: [Error]
  event: [LibvirtEvent]
  warning: [ProtocolError]
}

/** Below max_client_requests (5), at which the daemon stops reading a connection, pings included. */
const callsPerConnection = 4
/** Half of the daemon's 20 workers, so that short calls always find one. */
const totalJobCalls = 10
const idleMs = 30_000
/** The daemon works on few of them at once, and never waits for the next. */
const bulkCalls = 64
const bulkRefillAt = 32

/** A connection for many short calls. */
export interface Bulk {
  call<N extends ProcedureName>(name: N, args: CallArgs<N>, options?: QueuedCallOptions): Promise<CallResult<N>>
  close(): void
}

/**
 * One daemon, kept connected: a control connection for short calls and events, further ones for long calls, and one for
 * each stream. It reconnects by itself until closed.
 */
export class Host extends EventEmitter<HostEvents> {
  readonly #options: HostOptions
  readonly #keepalive: KeepaliveOptions
  readonly #jobs: JobPool
  readonly #connectionsApart = new Set<RpcConnection>()
  readonly #closing = new AbortController()
  #control: { connection: RpcConnection; calls: CallQueue } | undefined
  #state: HostState = { status: 'connecting' }
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #attempt: Promise<void> | undefined

  constructor(options: HostOptions) {
    super()
    this.#options = options
    this.#keepalive = options.keepalive ?? { intervalMs: 2000, misses: 3 }
    this.#jobs = new JobPool({
      connect: () => this.#open(this.#keepalive),
      callsPerConnection,
      totalCalls: totalJobCalls,
      idleMs,
    })
  }

  get state(): HostState {
    return this.#state
  }

  get address(): string {
    return this.#options.transport.address
  }

  /** Begins to connect. Add the listeners first. */
  start() {
    if (this.#attempt === undefined && this.#state.status === 'connecting') this.#attempt = this.#connect()
  }

  /**
   * A short call on the control connection. Rejects as `RpcConnection.call`; at once with ConnectionLost while the host
   * is not connected.
   */
  async call<N extends ProcedureName>(
    name: N,
    args: CallArgs<N>,
    options: QueuedCallOptions = {},
  ): Promise<CallResult<N>> {
    const control = this.#connected(name)
    try {
      return await control.calls.call(name, args, { timeoutMs: this.#options.callTimeoutMs ?? 30_000, ...options })
    } catch (error) {
      if (error instanceof CallTimeout && control.calls.isStuck) {
        control.connection.destroy('the daemon answers none of the calls that it holds')
      }
      throw error
    }
  }

  /**
   * A call that may last, such as a migration, on a connection apart; it waits when too many of them run. Cancel it with
   * `call('domainAbortJob', …, { urgent: true })`; giving up the waiting does not.
   */
  async job<N extends ProcedureName>(name: N, args: CallArgs<N>, options: CallOptions = {}): Promise<CallResult<N>> {
    this.#connected(name)
    return this.#jobs.call(name, args, options)
  }

  /** Opens a connection for many short calls: what is urgent does not wait behind them. Close it. */
  async openBulk(options: CallOptions = {}): Promise<Bulk> {
    this.#connected('connectOpen')
    const connection = await this.#openApart(options)
    const calls = new CallQueue(connection, bulkCalls, bulkRefillAt)
    return {
      call: (name, args, given = {}) =>
        calls.call(name, args, { timeoutMs: this.#options.callTimeoutMs ?? 30_000, ...given }),
      close: () => connection.close(),
    }
  }

  /** Opens a stream on a connection of its own, which ends with the stream. Rejects as `RpcConnection.openStream`. */
  async openStream<N extends StreamProcedureName>(
    name: N,
    args: CallArgs<N>,
    options: CallOptions = {},
  ): Promise<{ stream: LibvirtStream; result: CallResult<N> }> {
    this.#connected(name)
    const connection = await this.#openApart(options)
    try {
      const opened = await connection.openStream(name, args, options)
      opened.stream.once('close', () => connection.close())
      return opened
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Ends every connection and gives up reconnecting. Calls under way reject with ConnectionLost. */
  async close() {
    if (this.#state.status === 'closed') return
    clearTimeout(this.#retry)
    this.#become({ status: 'closed' })
    this.#closing.abort(new Error('the host was closed'))
    this.#jobs.close('the host was closed')
    this.#control?.connection.close()
    for (const connection of this.#connectionsApart) connection.close()
    await this.#attempt
    await this.#options.transport.close()
  }

  #connected(name: ProcedureName) {
    if (this.#control && this.#state.status === 'connected') return this.#control
    const reason = this.#state.status === 'lost' ? this.#state.reason : undefined
    throw new ConnectionLost(`${name}: ${this.address} is not connected`, false, name, reason)
  }

  async #openApart(options: CallOptions): Promise<RpcConnection> {
    const connection = await this.#open(undefined, options)
    if (this.#closing.signal.aborted) connection.close()
    this.#connectionsApart.add(connection)
    connection.once('closed', () => this.#connectionsApart.delete(connection))
    return connection
  }

  #open(keepalive: KeepaliveOptions | undefined, { timeoutMs, signal }: CallOptions = {}): Promise<RpcConnection> {
    const { transport, uri, connectTimeoutMs = 10_000 } = this.#options
    const signals = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    return openConnection(transport, { uri, keepalive, timeoutMs: timeoutMs ?? connectTimeoutMs, signal: signals })
  }

  async #connect() {
    try {
      const connection = await this.#open(this.#keepalive)
      const calls = new CallQueue(connection, callsPerConnection)
      const early: LibvirtEvent[] = []
      const collect = (event: LibvirtEvent) => early.push(event)
      connection.on('warning', (warning) => this.emit('warning', warning))
      connection.on('event', collect)
      const names = this.#options.events ?? (Object.keys(events) as EventName[])
      const limits = { timeoutMs: this.#options.connectTimeoutMs ?? 10_000 }
      const missingEvents = await subscribe(calls, names, limits).catch((error: unknown) => {
        connection.close()
        throw error
      })
      if (connection.lost) throw connection.lost
      if (this.#state.status === 'closed') return connection.close()
      this.#control = { connection, calls }
      this.#failures = 0
      connection.once('closed', (lost) => this.#lose(lost))
      this.#become({ status: 'connected', missingEvents })
      this.emit('connected')
      connection.off('event', collect)
      connection.on('event', (event) => this.#hear(connection, event))
      for (const event of early) this.#hear(connection, event)
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #hear(connection: RpcConnection, event: LibvirtEvent) {
    this.emit('event', event)
    if (event.name === 'connectionClosed') connection.destroy('the daemon lost its hypervisor')
  }

  #lose(reason: Error) {
    this.#control = undefined
    if (this.#state.status === 'closed') return
    const { shortestMs, longestMs } = this.#options.reconnect ?? { shortestMs: 250, longestMs: 10_000 }
    const ceilingMs = Math.min(longestMs, shortestMs * 2 ** this.#failures)
    this.#failures++
    const waitMs = ceilingMs / 2 + (Math.random() * ceilingMs) / 2
    this.#retry = setTimeout(() => {
      this.#become({ status: 'connecting', after: reason })
      this.#attempt = this.#connect()
    }, waitMs)
    this.#become({ status: 'lost', reason })
    this.emit('lost', reason)
  }

  #become(state: HostState) {
    this.#state = state
    this.emit('state', state)
  }
}
