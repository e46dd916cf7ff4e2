'use client'

import { bootStateLook, protectionLook } from '#components/protection/protection-words.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { cx } from '#components/ui/class-name.ts'
import { formatCount, formatCounted, formatPercent } from '#components/ui/format.ts'
import type { VisualState } from '#components/ui/state.ts'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { type BootState, bootStates, type ProtectionState, protectionStates } from '#server/schema/protection.ts'

type Counts = Outputs['protection']['counts']
type ByState = Counts['byState']

/** The best first, as a bar is read. */
const barOrder = protectionStates.toReversed()
const barClass: Record<ProtectionState, string> = {
  failing: 'bg-failed',
  late: 'bg-degraded',
  unprotected: '',
  waiting: 'bg-unknown-soft hatched',
  protected: 'bg-running',
}
const totalOf = (byState: ByState) => Object.values(byState).reduce((sum, count) => sum + count, 0)

interface ProtectionSummaryProps {
  counts: Counts
  operator: boolean
  state: ProtectionState | null
  boot: BootState | null
  tenant: string
  onState: (state: ProtectionState | null) => void
  onBoot: (boot: BootState | null) => void
  onTenant: (tenantId: string) => void
}

/** How many VMs are protected as they should be, in all and by tenant; each count narrows the table to its VMs. */
export function ProtectionSummary({
  counts,
  operator,
  state,
  boot,
  tenant,
  onState,
  onBoot,
  onTenant,
}: ProtectionSummaryProps) {
  const total = totalOf(counts.byState)
  const tenants = counts.byTenant.filter(({ tenantId }) => tenantId !== null)
  return (
    <section
      aria-label="How well VMs are protected"
      className="mx-4 mb-1 flex shrink-0 flex-col gap-3 rounded-lg border border-line bg-surface p-3 lg:flex-row lg:items-start lg:gap-6"
    >
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <p className="text-sm">
          <span className="text-lg font-semibold text-ink">{formatCount(counts.byState.protected)}</span>{' '}
          <span className="text-ink-muted">
            of {formatCounted(total, 'VM')} protected
            {total > 0 && `, ${formatPercent(counts.byState.protected / total)}`}
          </span>
        </p>
        <StateBar byState={counts.byState} total={total} className="h-2.5" />
        <ul className="flex flex-wrap gap-1">
          {protectionStates.map((each) => (
            <CountButton
              key={each}
              {...protectionLook[each]}
              count={counts.byState[each]}
              isPressed={state === each}
              onPress={() => onState(state === each ? null : each)}
            />
          ))}
        </ul>
        <ul aria-label="Boot tests" className="flex flex-wrap items-center gap-1">
          <li aria-hidden="true" className="pr-1 text-xs text-ink-muted">
            Boot tests
          </li>
          {bootStates.map((each) => (
            <CountButton
              key={each}
              {...bootStateLook[each]}
              count={counts.byBoot[each]}
              isPressed={boot === each}
              onPress={() => onBoot(boot === each ? null : each)}
            />
          ))}
        </ul>
      </div>
      {operator && tenants.length > 0 && (
        <ul aria-label="By tenant" className="flex max-h-28 min-w-0 flex-1 flex-col overflow-y-auto lg:max-w-120">
          {tenants.map(({ tenantId, tenantName, byState }) => {
            const ofTenant = totalOf(byState)
            return (
              <li key={tenantId}>
                <button
                  type="button"
                  aria-pressed={tenant === tenantId}
                  onClick={() => onTenant(tenant === tenantId ? '' : (tenantId ?? ''))}
                  className={cx(
                    'flex h-7 w-full items-center gap-3 rounded-md px-2 text-xs hover:bg-hover',
                    tenant === tenantId && 'bg-accent-soft',
                  )}
                >
                  <span className="w-28 shrink-0 truncate text-left text-ink">{tenantName}</span>
                  <StateBar byState={byState} total={ofTenant} className="h-1.5 flex-1" />
                  <span className="w-20 shrink-0 text-right text-ink-muted tabular-nums">
                    {formatCount(byState.protected)} of {formatCount(ofTenant)}
                  </span>
                </button>
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}

interface CountButtonProps {
  look: VisualState
  word: string
  meaning: string
  count: number
  isPressed: boolean
  onPress: () => void
}

function CountButton({ look, word, meaning, count, isPressed, onPress }: CountButtonProps) {
  return (
    <li>
      <button
        type="button"
        aria-pressed={isPressed}
        title={meaning}
        onClick={onPress}
        className={cx(
          'flex h-7 items-center gap-1.5 rounded-md border px-2 text-xs',
          isPressed
            ? 'border-accent bg-accent-soft text-ink'
            : 'border-line text-ink-muted hover:bg-hover hover:text-ink',
        )}
      >
        <StateIcon state={look} sizePx={10} />
        {word}
        <span className="font-semibold text-ink tabular-nums">{formatCount(count)}</span>
      </button>
    </li>
  )
}

function StateBar({ byState, total, className }: { byState: ByState; total: number; className: string }) {
  const text = barOrder
    .filter((state) => byState[state] > 0)
    .map((state) => `${formatCount(byState[state])} ${protectionLook[state].word.toLowerCase()}`)
    .join(', ')
  return (
    <span
      role="img"
      aria-label={text || 'No VMs'}
      title={text}
      className={cx('flex min-w-0 gap-px overflow-hidden rounded-full border border-line-strong', className)}
    >
      {barOrder.map(
        (state) =>
          byState[state] > 0 && (
            <span
              key={state}
              className={cx('block h-full min-w-1', barClass[state])}
              style={{ width: `${(byState[state] / total) * 100}%` }}
            />
          ),
      )}
    </span>
  )
}
