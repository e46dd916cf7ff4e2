import { StateIcon } from '#components/ui/state-icon.tsx'
import type { Application } from '#server/schema/backup.ts'

/** What was readied in the guest for a recovery point, and what could not be. */
export function ApplicationNotes({ applications }: { applications: readonly Application[] }) {
  return applications.map(({ id, instance, name, version, problem }) => (
    <span key={`${id} ${instance}`} className="flex min-w-0 items-center gap-1 text-xs text-ink-muted">
      {problem !== null && <StateIcon state="degraded" sizePx={10} label="Not ready" />}
      <span className="truncate" title={problem ?? undefined}>
        {problem === null ? `${[name, shortVersion(version)].filter(Boolean).join(' ')} ready` : `${name}: ${problem}`}
      </span>
    </span>
  ))
}

/** "10.11.6-MariaDB-0+deb12u1-log" says more than anybody wants in a list. */
const shortVersion = (version: string | null) => version?.match(/^[\d.]+/)?.[0] ?? ''
