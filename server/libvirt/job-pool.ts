import { CallAborted, ConnectionLost } from './error.ts'
import type { CallOptions } from './pending-call.ts'
import type { CallArgs, CallResult, ProcedureName } from './protocol.ts'
import type { RpcConnection } from './rpc.ts'

export interface JobPoolOptions {
  /** Opens a fresh connection. */
  connect: () => Promise<RpcConnection>
  callsPerConnection: number
  /** Over all connections: the daemon's workers are few. */
  totalCalls: number
  /** An unused connection is closed after this time. */
  idleMs: number
}

/** One connection and the calls that were promised to it. */
interface Lane {
  readonly opening: Promise<RpcConnection>
  connection: RpcConnection | undefined
  /** Calls that wait for the connection to open. */
  promised: number
  idle: NodeJS.Timeout | undefined
}

interface Waiting {
  readonly start: (lane: Lane) => void
  readonly reject: (error: Error) => void
}

const occupied = (lane: Lane) => lane.promised + (lane.connection?.unansweredCount ?? 0)

/** Connections for calls that last: as many as needed, few calls on each, and a limit over all. */
export class JobPool {
  readonly #options: JobPoolOptions
  readonly #lanes = new Set<Lane>()
  readonly #waiting: Waiting[] = []
  #closed: string | undefined

  constructor(options: JobPoolOptions) {
    this.#options = options
  }

  /** Calls that occupy the daemon, those given up by their caller included. */
  get runningCount(): number {
    let count = 0
    for (const lane of this.#lanes) count += occupied(lane)
    return count
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  get connectionCount(): number {
    return this.#lanes.size
  }

  /**
   * As `RpcConnection.call`, after waiting for a turn. The time limit starts with the turn; the signal ends the waiting
   * too. Rejects with TransportError when no connection can be opened.
   */
  call<N extends ProcedureName>(name: N, args: CallArgs<N>, options: CallOptions = {}): Promise<CallResult<N>> {
    const { signal } = options
    if (this.#closed) return Promise.reject(new ConnectionLost(this.#closed, false, name))
    if (signal?.aborted) return Promise.reject(new CallAborted(`${name} was given up`, false, name, signal.reason))
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(new CallAborted(`${name} was given up`, false, name, signal?.reason))
      }
      const waiting: Waiting = {
        start: (lane) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(this.#run(lane, name, args, options))
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort)
      this.#waiting.push(waiting)
      this.#advance()
    })
  }

  /** Closes every connection; what waits or runs rejects with ConnectionLost. */
  close(reason: string) {
    this.#closed = reason
    for (const { reject } of this.#waiting.splice(0)) reject(new ConnectionLost(reason, false))
    for (const lane of this.#lanes) {
      clearTimeout(lane.idle)
      lane.opening.then(
        (connection) => connection.close(),
        () => {},
      )
    }
    this.#lanes.clear()
  }

  async #run<N extends ProcedureName>(lane: Lane, name: N, args: CallArgs<N>, options: CallOptions) {
    const connection = await lane.opening.finally(() => lane.promised--)
    return connection.call(name, args, options)
  }

  #advance() {
    while (this.#waiting.length > 0 && this.runningCount < this.#options.totalCalls) {
      const lane = this.#roomyLane()
      clearTimeout(lane.idle)
      lane.promised++
      this.#waiting.shift()?.start(lane)
    }
  }

  #roomyLane(): Lane {
    for (const lane of this.#lanes) if (occupied(lane) < this.#options.callsPerConnection) return lane
    const lane: Lane = { opening: this.#options.connect(), connection: undefined, promised: 0, idle: undefined }
    this.#lanes.add(lane)
    const drop = () => {
      clearTimeout(lane.idle)
      this.#lanes.delete(lane)
      this.#advance()
    }
    lane.opening.then((connection) => {
      lane.connection = connection
      connection.on('closed', drop)
      connection.on('answered', () => {
        if (occupied(lane) === 0) this.#closeWhenIdle(lane, connection)
        this.#advance()
      })
      if (!connection.isOpen) drop()
    }, drop)
    return lane
  }

  #closeWhenIdle(lane: Lane, connection: RpcConnection) {
    clearTimeout(lane.idle)
    lane.idle = setTimeout(() => connection.close(), this.#options.idleMs)
    lane.idle.unref()
  }
}
