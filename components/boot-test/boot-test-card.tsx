'use client'

import { MonitorCheck } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { BootTestEvidence, BootTestScreen } from './boot-test-evidence.tsx'
import { type BootTest, bootLook, partsText, proofText, totalText } from './boot-test-words.ts'

const shownTests = 3
type Right = true | string

interface BootTestCardProps {
  /** Newest first */
  tests: readonly BootTest[]
  can: { bootTest: Right; readScreen: Right }
  /** Of the newest recovery point; undefined where there is none to test */
  onTest: (() => void) | undefined
}

/** Whether what is kept of a VM boots: last proven when, and how long that took. */
export function BootTestCard({ tests, can, onTest }: BootTestCardProps) {
  const [looked, setLooked] = useState<BootTest>()
  const [isAll, setAll] = useState(false)
  const last = tests.find(({ outcome }) => outcome !== 'running')
  const proven = tests.find(({ outcome }) => outcome === 'proven')
  const isRunning = tests.some(({ outcome }) => outcome === 'running')
  const mayRead = can.readScreen === true
  const shown = isAll ? tests : tests.slice(0, shownTests)
  return (
    <Card
      title="Boot tests"
      actions={
        onTest && (
          <Button
            size="sm"
            icon={<MonitorCheck size={14} aria-hidden="true" />}
            disabledReason={whyNot(can.bootTest) ?? (isRunning ? 'One runs already' : undefined)}
            onPress={onTest}
          >
            Test the newest…
          </Button>
        )
      }
    >
      {tests.length === 0 ? (
        <p className="text-sm text-ink-muted">
          None of its recovery points was ever booted. A test restores one as a throw-away VM that can meet nobody,
          boots it, keeps a picture of its screen, and throws it away.
        </p>
      ) : (
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
            <div className="flex min-w-56 flex-1 flex-col gap-1 text-sm">
              {last?.outcome === 'failed' && (
                <p>
                  <StateBadge state="failed" label="The last test failed" className="mr-2" />
                  <span className="text-failed">{last.reason}</span>
                </p>
              )}
              {proven ? (
                <p className="text-base">
                  Last proven <RelativeTime at={proven.endedAt ?? proven.askedAt} className="font-semibold" />, in{' '}
                  <span className="font-semibold">{totalText(proven)}</span>
                </p>
              ) : (
                <p className="text-base">{last ? 'Never proven' : 'Being tested for the first time'}</p>
              )}
              {proven && (
                <p className="text-ink-muted">
                  {partsText(proven)}; {proofText(proven)}
                </p>
              )}
            </div>
            {last && <BootTestScreen test={last} mayRead={mayRead} onOpen={() => setLooked(last)} />}
          </div>
          <ol aria-label="Boot tests, newest first" className="divide-y divide-line border-t border-line">
            {shown.map((test) => (
              <Run
                key={test.id}
                test={test}
                reason={test === last ? null : test.reason}
                readScreen={can.readScreen}
                onLook={() => setLooked(test)}
              />
            ))}
          </ol>
          {tests.length > shownTests && (
            <Button size="sm" variant="quiet" onPress={() => setAll(!isAll)} className="self-start">
              {isAll ? 'Show fewer' : `Show all ${tests.length}`}
            </Button>
          )}
        </div>
      )}
      {looked && <BootTestEvidence test={looked} onClose={() => setLooked(undefined)} />}
    </Card>
  )
}

interface RunProps {
  test: BootTest
  /** Why it failed, where that is not said already */
  reason: string | null
  readScreen: Right
  onLook: () => void
}

function Run({ test, reason, readScreen, onLook }: RunProps) {
  const { look, word } = bootLook[test.outcome]
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1.5 text-sm">
      <StateBadge state={look} label={word} variant="plain" className="w-20 shrink-0" />
      <RelativeTime at={test.askedAt} className="w-28 shrink-0" />
      <span className="min-w-48 flex-1 text-xs text-ink-muted">
        {test.outcome === 'proven' && `in ${totalText(test)}, `}
        recovery point of <RelativeTime at={test.takenAt} />
        {reason && <span className="block text-failed">{reason}</span>}
      </span>
      {test.outcome !== 'running' && (
        <Button size="sm" variant="quiet" disabledReason={whyNot(readScreen)} onPress={onLook}>
          What was seen…
        </Button>
      )}
    </li>
  )
}
