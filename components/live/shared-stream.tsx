'use client'

import { useSubscription } from '@trpc/tanstack-react-query'
import { useEffect, useRef, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { BeginAnew } from './begin-anew.ts'
import { type LiveStatus, statusAfter } from './live-status.ts'
import { TabChannel } from './tab-channel.ts'

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
  const [leading, setLeading] = useState<TabChannel | null>(null)
  // How often another tab was opened while the line was lost.
  const [turn, setTurn] = useState(0)
  const latest = useRef({ onBatch, onStatus })
  useEffect(() => {
    latest.current = { onBatch, onStatus }
  })

  useEffect(() => {
    const channel: TabChannel = new TabChannel({
      onBatch: (batch) => latest.current.onBatch(batch),
      onStatus: (status) => latest.current.onStatus(status),
      onLead: setLeading,
      // The console gave it a page: no reason to wait.
      onOpened: () => channel.status === 'lost' && setTurn((before) => before + 1),
    })
    return () => channel.close()
  }, [])

  return leading ? (
    <Reader
      key={turn}
      begunAs={leading.status}
      onBatch={(batch) => {
        onBatch(batch)
        leading.tellBatch(batch)
      }}
      onStatus={(status) => {
        onStatus(status)
        leading.tellStatus(status)
      }}
    />
  ) : null
}

function Reader({ begunAs, onBatch, onStatus }: StreamReader & { begunAs: LiveStatus }) {
  const trpc = useTRPC()
  const status = useRef(begunAs)
  const [anew] = useState(() => new BeginAnew())
  const become = (next: LiveStatus) => {
    status.current = next
    onStatus(next)
  }
  const { reset } = useSubscription(
    trpc.live.changes.subscriptionOptions(undefined, {
      onStarted: () => become('live'),
      onData: (batch) => {
        anew.worked()
        become('live')
        onBatch(batch)
      },
      onError: () => {
        become('lost')
        anew.later(reset)
      },
      // One that broke begins anew by itself.
      onConnectionStateChange: (connection) => {
        become(statusAfter(status.current, connection))
        if (connection.state === 'idle') anew.later(reset)
      },
    }),
  )
  useEffect(() => () => anew.stop(), [anew])
  return null
}
