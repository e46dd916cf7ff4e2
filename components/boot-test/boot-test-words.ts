import type { Outputs } from '#components/trpc/client.tsx'
import { formatDuration } from '#components/ui/format.ts'
import type { VisualState } from '#components/ui/state.ts'
import type { BootOutcome, BootProof } from '#server/schema/boot-test.ts'

export type BootTest = Outputs['backup']['list']['bootTests'][number]

export const bootLook: Record<BootOutcome, { look: VisualState; word: string }> = {
  running: { look: 'changing', word: 'Testing' },
  proven: { look: 'running', word: 'Proven' },
  failed: { look: 'failed', word: 'Failed' },
}

/** When a guest counts as up, after "It is up when". */
export const proofLabel: Record<BootProof, string> = {
  any: 'Agent or console answers',
  agent: 'Guest agent answers',
  serial: 'Console prints the text',
}

type Times = Pick<BootTest, 'restoreMs' | 'bootMs'>

const durationText = (ms: number | null) => formatDuration((ms ?? 0) / 1000)

/** From the first byte that is read to the guest that answers. */
export const totalText = ({ restoreMs, bootMs }: Times): string => durationText((restoreMs ?? 0) + (bootMs ?? 0))

export const partsText = ({ restoreMs, bootMs }: Times): string =>
  `${durationText(restoreMs)} to restore, ${durationText(bootMs)} to boot`

/** How it is known that the guest was up. */
export function proofText({ proof, guestName, guestSystem }: Pick<BootTest, 'proof' | 'guestName' | 'guestSystem'>) {
  if (proof === 'serial') return 'its serial console printed what was waited for'
  const who = [guestName, guestSystem].filter(Boolean).join(', ')
  return who ? `its guest agent answered: ${who}` : 'its guest agent answered'
}
