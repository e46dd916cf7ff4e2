'use client'

import { useSubscription } from '@trpc/tanstack-react-query'
import { useEffect, useRef, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { type LiveStatus, statusAfter } from './live-status.ts'

const channelName = 'skerry-live'

type Message = { status: LiveStatus } | { batch: string } | { ask: true }

export interface StreamReader {
  onBatch: (batch: string) => void
  onStatus: (status: LiveStatus) => void
}

/**
 * One live stream for all tabs of this browser: a browser opens few connections to one address, and a stream holds one
 * for as long as it lives. The tab that has the lock reads and passes on; when it closes, another takes over, whose
 * stream begins with a reset.
 */
export function SharedStream({ onBatch, onStatus }: StreamReader) {
  const [leads, setLeads] = useState(false)
  const channel = useRef<BroadcastChannel | null>(null)
  const latest = useRef({ onBatch, onStatus, status: 'connecting' as LiveStatus })
  useEffect(() => {
    latest.current = { ...latest.current, onBatch, onStatus }
  })

  useEffect(() => {
    const opened = new BroadcastChannel(channelName)
    channel.current = opened
    opened.onmessage = ({ data }: MessageEvent<Message>) => {
      if ('batch' in data) latest.current.onBatch(data.batch)
      else if ('status' in data) latest.current.onStatus(data.status)
      else if (latest.current.status !== 'connecting')
        opened.postMessage({ status: latest.current.status } satisfies Message)
    }
    const abort = new AbortController()
    const hold = () =>
      new Promise<void>((release) => {
        setLeads(true)
        abort.signal.addEventListener('abort', () => release())
      })
    // Without locks (an address without TLS that is not this machine) every tab reads for itself.
    if (navigator.locks) navigator.locks.request(channelName, { signal: abort.signal }, hold).catch(() => undefined)
    else setLeads(true)
    opened.postMessage({ ask: true } satisfies Message)
    return () => {
      abort.abort()
      opened.close()
      channel.current = null
    }
  }, [])

  const tell = (message: Message) => {
    // Without locks each tab hears its own stream already.
    if (navigator.locks) channel.current?.postMessage(message)
  }
  return leads ? (
    <Reader
      onBatch={(batch) => {
        onBatch(batch)
        tell({ batch })
      }}
      onStatus={(status) => {
        latest.current.status = status
        onStatus(status)
        tell({ status })
      }}
    />
  ) : null
}

/** A stream that was refused, or ended by the server, begins anew after this long; one that broke does by itself. */
const anewMs = 5_000

function Reader({ onBatch, onStatus }: StreamReader) {
  const trpc = useTRPC()
  const status = useRef<LiveStatus>('connecting')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const become = (next: LiveStatus) => {
    status.current = next
    onStatus(next)
  }
  const { reset } = useSubscription(
    trpc.live.changes.subscriptionOptions(undefined, {
      onStarted: () => become('live'),
      onData: (batch) => {
        become('live')
        onBatch(batch)
      },
      onError: () => {
        become('lost')
        beginAnew()
      },
      onConnectionStateChange: (connection) => {
        become(statusAfter(status.current, connection))
        if (connection.state === 'idle') beginAnew()
      },
    }),
  )
  function beginAnew() {
    clearTimeout(timer.current)
    timer.current = setTimeout(reset, anewMs)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  return null
}
