import { SkerryError } from '../../errors.ts'
import type { Host } from '../../libvirt/host.ts'
import type { CallArgs, CallResult, ProcedureName, StreamProcedureName } from '../../libvirt/protocol.ts'
import type { LibvirtStream } from '../../libvirt/stream.ts'
import type { CallOptions } from '../driver.ts'
import { explain } from './errors.ts'

/** The calls of one daemon, kept connected or not. */
export type Calls = Pick<Host, 'call' | 'job' | 'openStream' | 'openBulk'>

export type Read = CallOptions & { urgent?: boolean }

/** A host's calls with the errors of our words. Reads are short; changes may last and are never repeated by it. */
export class Session {
  readonly #host: Calls
  readonly label: string

  constructor(host: Calls, label: string) {
    this.#host = host
    this.label = label
  }

  /** A short call that changes nothing. `step` completes "Could not …". */
  async read<N extends ProcedureName>(step: string, name: N, args: CallArgs<N>, options: Read = {}) {
    return this.#explained(step, false, () => this.#host.call(name, args, given(options)))
  }

  /** A call that changes nothing but may last: it waits for a guest. On a connection apart. */
  async slowRead<N extends ProcedureName>(step: string, name: N, args: CallArgs<N>, options: CallOptions = {}) {
    const { timeoutMs = 10_000, signal } = options
    return this.#explained(step, false, () => this.#host.job(name, args, { timeoutMs, signal }))
  }

  /** Many reads at once, on a connection apart that ends with `work`. */
  async bulk<T>(step: string, options: CallOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const host = this.#host
    const { signal } = options
    const bulk = await this.#explained(step, false, () => host.openBulk(signal ? { signal } : {}))
    const calls: Calls = {
      call: bulk.call,
      job: (name, args, given) => host.job(name, args, given),
      openStream: (name, args, given) => host.openStream(name, args, given),
      openBulk: (given) => host.openBulk(given),
    }
    try {
      return await work(new Session(calls, this.label))
    } finally {
      bulk.close()
    }
  }

  /** A short call that changes something. */
  async change<N extends ProcedureName>(step: string, name: N, args: CallArgs<N>, options: Read = {}) {
    return this.#explained(step, true, () => this.#host.call(name, args, given(options)))
  }

  /** A call that may last, on a connection apart. Only its own limit ends it. */
  async long<N extends ProcedureName>(
    step: string,
    name: N,
    args: CallArgs<N>,
    options: CallOptions = {},
  ): Promise<CallResult<N>> {
    return this.#explained(step, true, () => this.#host.job(name, args, given(options)))
  }

  async stream<N extends StreamProcedureName>(
    step: string,
    name: N,
    args: CallArgs<N>,
    options: CallOptions = {},
  ): Promise<{ stream: LibvirtStream; result: CallResult<N> }> {
    const { timeoutMs = 30_000, signal } = options
    return this.#explained(step, name === 'storageVolUpload', () =>
      this.#host.openStream(name, args, { timeoutMs, signal }),
    )
  }

  async #explained<T>(step: string, change: boolean, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.explain(error, step, change)
    }
  }

  explain(error: unknown, step: string, change: boolean): Error {
    return explain(error, { label: this.label, step, change })
  }

  /** An error of our own about this host. `why` is in our words; what the hypervisor said is `detail`. */
  refuse(code: SkerryError['code'], step: string, why: string, wayOut: string, detail?: string): SkerryError {
    const told = detail === undefined ? { wayOut } : { wayOut, detail }
    return new SkerryError(code, `Could not ${step} on ${this.label}: ${why}.`, told)
  }
}

/** Leaves out what is not given, so that the client's own limits hold. */
function given(options: Read): Read {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
