'use client'

import { useQuery } from '@tanstack/react-query'
import Image from 'next/image'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatAbsoluteTime } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { type BootTest, bootLook, partsText, proofText } from './boot-test-words.ts'

const useEvidence = (id: string, enabled = true) =>
  useQuery({ ...useTRPC().bootTest.evidence.queryOptions({ id }, { staleTime: Number.POSITIVE_INFINITY }), enabled })

interface ScreenProps {
  test: BootTest
  /** Whether the person may look at it */
  mayRead: boolean
  onOpen: () => void
}

/** What was on the screen at the end, small; opens to show all that was seen. */
export function BootTestScreen({ test, mayRead, onOpen }: ScreenProps) {
  const evidence = useEvidence(test.id, mayRead)
  const screenshot = evidence.data?.screenshot
  if (!screenshot) return null
  return (
    <button
      type="button"
      onClick={onOpen}
      aria-label={`Look at what ${test.vmName} showed`}
      className="h-24 shrink-0 overflow-hidden rounded-md border border-line-strong bg-sunken hover:border-accent"
    >
      <Picture picture={screenshot} test={test} className="h-full w-auto max-w-44 object-cover" />
    </button>
  )
}

interface PictureProps {
  picture: NonNullable<Outputs['bootTest']['evidence']['screenshot']>
  test: BootTest
  className: string
}

function Picture({ picture, test, className }: PictureProps) {
  const { base64, width, height } = picture
  const when = formatAbsoluteTime(new Date(test.askedAt).getTime())
  return (
    <Image
      src={`data:image/png;base64,${base64}`}
      width={width}
      height={height}
      alt={`The screen of ${test.vmName}, ${when}`}
      unoptimized
      className={className}
    />
  )
}

/** All that is known of one test. */
export function BootTestEvidence({ test, onClose }: { test: BootTest; onClose: () => void }) {
  const evidence = useEvidence(test.id)
  const { look, word } = bootLook[test.outcome]
  const { screenshot, serialTail } = evidence.data ?? {}
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      size="lg"
      title={`Boot test of ${test.vmName}`}
      description={
        <>
          <RelativeTime at={test.askedAt} />, by {test.askedBy}, of the recovery point of{' '}
          {formatAbsoluteTime(new Date(test.takenAt).getTime())}
        </>
      }
    >
      <div className="flex flex-col gap-4 text-sm">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <StateBadge state={look} label={word} />
          {test.outcome === 'proven' ? (
            <span>
              {partsText(test)}; {proofText(test)}
            </span>
          ) : (
            <span className="text-failed">{test.reason}</span>
          )}
        </p>
        {evidence.error ? (
          <ErrorMessage title="What was seen could not be read" message={evidence.error.message} />
        ) : evidence.isPending ? (
          <SkeletonRows rows={4} />
        ) : (
          <>
            {screenshot ? (
              <Picture
                picture={screenshot}
                test={test}
                className="max-h-[50vh] w-full rounded-md border border-line bg-sunken object-contain"
              />
            ) : (
              <p className="text-ink-muted">There is no picture of its screen.</p>
            )}
            {serialTail ? (
              <div>
                <h3 className="mb-1 text-xs font-medium text-ink">The end of its serial console</h3>
                {/* From below, so that it is the end that is seen. */}
                <div className="flex max-h-72 flex-col-reverse overflow-auto rounded-md">
                  <CodeBlock code={serialTail} label="The end of its serial console" className="shrink-0" />
                </div>
              </div>
            ) : (
              <p className="text-ink-muted">Its serial console said nothing.</p>
            )}
          </>
        )}
      </div>
    </Dialog>
  )
}
