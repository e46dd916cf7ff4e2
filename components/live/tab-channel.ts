import type { LiveStatus } from './live-status.ts'

const channelName = 'skerry-live'

type Message = { status: LiveStatus } | { batch: string } | { ask: true }

export interface TabListener {
  onBatch: (batch: string) => void
  onStatus: (status: LiveStatus) => void
  /** This tab is the one that reads */
  onLead: (channel: TabChannel) => void
  /** Another tab was opened */
  onOpened: () => void
}

/** What the tabs of this browser tell each other. The one that has the lock leads; when it closes, another does. */
export class TabChannel {
  readonly #channel = new BroadcastChannel(channelName)
  readonly #closing = new AbortController()
  #leadsOthers = false
  #status: LiveStatus = 'connecting'

  constructor(listener: TabListener) {
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if ('batch' in data) listener.onBatch(data.batch)
      else if ('status' in data) {
        this.#status = data.status
        listener.onStatus(data.status)
      } else {
        if (this.#status !== 'connecting') this.#tell({ status: this.#status })
        listener.onOpened()
      }
    }
    const lead = () =>
      new Promise<void>((release) => {
        this.#leadsOthers = true
        listener.onLead(this)
        this.#closing.signal.addEventListener('abort', () => release())
      })
    const { signal } = this.#closing
    // Without locks (an address without TLS that is not this machine) every tab reads for itself.
    if (navigator.locks) navigator.locks.request(channelName, { signal }, lead).catch(() => undefined)
    else listener.onLead(this)
    this.#channel.postMessage({ ask: true } satisfies Message)
  }

  /** How the stream is, whoever reads it. */
  get status(): LiveStatus {
    return this.#status
  }

  tellStatus(status: LiveStatus): void {
    this.#status = status
    this.#tell({ status })
  }

  tellBatch(batch: string): void {
    this.#tell({ batch })
  }

  #tell(message: Message) {
    if (this.#leadsOthers) this.#channel.postMessage(message)
  }

  close(): void {
    this.#closing.abort()
    this.#channel.close()
  }
}
