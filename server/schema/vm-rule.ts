import type { VmState } from './vm.ts'

export const vmActions = [
  'start',
  'shutdown',
  'reboot',
  'reset',
  'suspend',
  'resume',
  'force-off',
  'edit',
  'edit-xml',
  'clone',
  'delete',
  'migrate',
  'measure',
  'make-template',
  'screenshot',
  'snapshot',
  'revert',
  'delete-snapshot',
  'backup',
  'restore',
  'keep',
] as const
export type VmAction = (typeof vmActions)[number]

/** True, or why not, in words for the person who would press the button. */
export type Answer = true | string

const on = 'It is running already.'
const off = 'It is off: start it first.'
const stop = 'Shut it down or force it off first.'
const paused = 'It is suspended: resume it first.'
const notPaused = 'It is not suspended.'
const leaving = 'It is shutting down.'
const crashed = 'It has crashed: force it off, then start it.'
const asleep = 'The guest is asleep: resume it first.'
const missing = 'Its host no longer has it: define it on a host again, or delete it here.'
const shares = 'It shares blocks with a recovery point: keep it on its own first.'
const follows = 'It follows its source and becomes as that is: starting it ends that.'
const only = 'It is suspended: its memory stands still and there is nothing to measure.'

type Known = Exclude<VmState, 'creating' | 'unknown'>

/** state × action, one cell each. A new state or action does not compile without its cells. */
const table: Record<VmAction, Record<Known, Answer>> = {
  //            running         paused          shutting_down    off          crashed         sleeping
  start: row(on, 'It is suspended: resume it instead.', leaving, true, crashed, asleep),
  shutdown: row(true, paused, leaving, 'It is off already.', crashed, asleep),
  reboot: row(true, paused, leaving, off, crashed, asleep),
  reset: row(true, true, true, off, true, true),
  suspend: row(true, 'It is suspended already.', leaving, off, crashed, asleep),
  resume: row(notPaused, true, notPaused, off, crashed, true),
  'force-off': row(true, true, true, 'It is off already.', true, true),
  edit: row(true, true, leaving, true, crashed, asleep),
  'edit-xml': row(true, true, true, true, true, true),
  clone: row(stop, stop, leaving, true, stop, stop),
  delete: row(stop, stop, leaving, true, stop, stop),
  migrate: row(true, true, leaving, true, crashed, asleep),
  measure: row(true, only, leaving, off, crashed, asleep),
  'make-template': row(stop, stop, leaving, true, stop, stop),
  screenshot: row(true, true, true, off, true, true),
  snapshot: row(true, true, leaving, true, crashed, asleep),
  revert: row(true, true, leaving, true, true, true),
  'delete-snapshot': row(true, true, leaving, true, crashed, asleep),
  backup: row(true, true, leaving, true, crashed, asleep),
  restore: row(true, paused, leaving, true, crashed, asleep),
  keep: row(true, paused, leaving, off, crashed, asleep),
}

function row(
  running: Answer,
  suspended: Answer,
  shuttingDown: Answer,
  isOff: Answer,
  hasCrashed: Answer,
  sleeping: Answer,
): Record<Known, Answer> {
  return { running, paused: suspended, shutting_down: shuttingDown, off: isOff, crashed: hasCrashed, sleeping }
}

export interface RuledVm {
  state: string
  protected?: boolean
  persistent?: boolean
  /** Its host no longer has it */
  missingSince?: Date | null
  /** The recovery point that it shares blocks with */
  standsOnId?: string | null
  /** And moves to newer ones until it is started */
  follows?: boolean
}

/** What would take its disks for all that there is, or to where what it shares can't be read. */
const onItsOwn: ReadonlySet<VmAction> = new Set([
  ...(['backup', 'restore'] as const),
  ...(['edit-xml', 'clone', 'make-template', 'migrate', 'snapshot', 'revert', 'delete-snapshot'] as const),
])

/** Whether the VM's state allows the action. The same function answers the button and guards the mutation. */
export function vmRule(vm: RuledVm, action: VmAction): Answer {
  const state = vm.state as VmState
  if (state === 'creating') return 'It is still being created.'
  if (vm.missingSince && action !== 'delete') return missing
  if (state === 'unknown' && !vm.missingSince) return 'Its host can’t be reached, so its state is not known.'
  if (action === 'delete' && vm.protected) return 'It is protected against deletion: switch the protection off first.'
  if (vm.missingSince || state === 'unknown') return true
  if (vm.follows && action === 'edit') return follows
  if (vm.standsOnId && onItsOwn.has(action)) return shares
  if (action === 'keep' && !vm.standsOnId) return 'It is on its own already.'
  if (action === 'delete' && vm.persistent === false) return 'It exists only while it runs: force it off instead.'
  return table[action][state] ?? true
}

/** Every action at once, for pages. `allowed` answers for the person, the rule for the VM; the person's reason first. */
export function vmCan(vm: RuledVm, allowed: (action: VmAction) => Answer): Record<VmAction, Answer> {
  const answer = (action: VmAction): Answer => {
    const person = allowed(action)
    return person === true ? vmRule(vm, action) : person
  }
  return Object.fromEntries(vmActions.map((action) => [action, answer(action)])) as Record<VmAction, Answer>
}
