import {
  Archive,
  ArrowRightLeft,
  Camera,
  CirclePause,
  CirclePlay,
  Copy,
  Layers,
  Lock,
  LockOpen,
  Pencil,
  Play,
  Power,
  RotateCcw,
  RotateCw,
  SquareSplitHorizontal,
  Trash2,
  Zap,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { Outputs } from '#components/trpc/client.tsx'
import type { MenuAction, MenuGroup } from '#components/ui/menu.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import type { RowOperation } from '#server/schema/vm.ts'
import type { PowerInput } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { wayOf } from './vm-state.ts'

export type PowerAction = PowerInput['action']
export type VmCommand =
  | PowerAction
  | 'snapshot'
  | 'backup'
  | 'migrate'
  | 'clone'
  | 'make-template'
  | 'keep'
  | 'edit'
  | 'delete'
  | 'protect'
  | 'unprotect'

export interface NamedVm {
  id: string
  name: string
}

/** What a command needs to know of its VM; rows and pages both have it. */
export interface CommandVm extends NamedVm {
  state: string
  stateReason: string | null
  protected: boolean
  operation: Pick<RowOperation, 'kind'> | null
}

/** Each command's answer: true, or why not. Null while it is being asked. */
export type VmAnswers = Pick<Outputs['vm']['get'], 'can' | 'may'> | null

const iconSizePx = 14
const icon = (Icon: typeof Play) => <Icon size={iconSizePx} aria-hidden="true" />

interface CommandLook {
  label: string
  icon: ReactNode
  isDanger?: boolean
  /** Other words for it, by which the palette finds it */
  keywords?: readonly string[]
}

export const commandLook: Record<VmCommand, CommandLook> = {
  start: { label: 'Start', icon: icon(Play), keywords: ['boot', 'power on'] },
  shutdown: { label: 'Shut down…', icon: icon(Power), keywords: ['shutdown', 'stop', 'power off'] },
  reboot: { label: 'Reboot…', icon: icon(RotateCw), keywords: ['restart'] },
  suspend: { label: 'Suspend', icon: icon(CirclePause), keywords: ['pause'] },
  resume: { label: 'Resume', icon: icon(CirclePlay) },
  reset: { label: 'Reset…', icon: icon(RotateCcw), isDanger: true },
  'force-off': { label: 'Force off…', icon: icon(Zap), isDanger: true, keywords: ['kill', 'power off'] },
  snapshot: { label: 'Take snapshot…', icon: icon(Camera) },
  backup: { label: 'Back up now…', icon: icon(Archive), keywords: ['backup'] },
  edit: { label: 'Edit…', icon: icon(Pencil), keywords: ['change', 'configure'] },
  clone: { label: 'Clone…', icon: icon(Copy), keywords: ['copy'] },
  'make-template': { label: 'Make a template…', icon: icon(Layers) },
  keep: { label: 'Keep on its own…', icon: icon(SquareSplitHorizontal) },
  migrate: { label: 'Migrate…', icon: icon(ArrowRightLeft), keywords: ['move'] },
  protect: { label: 'Protect against deletion', icon: icon(Lock) },
  unprotect: { label: 'Switch protection off', icon: icon(LockOpen) },
  delete: { label: 'Delete…', icon: icon(Trash2), isDanger: true, keywords: ['remove'] },
}

const busyWith: Record<string, string> = {
  'power-vm': 'It is being started or stopped',
  'create-vm': 'It is being made',
  'clone-vm': 'It is being cloned',
  'edit-vm': 'It is being changed',
  'edit-vm-xml': 'It is being changed',
  'delete-vm': 'It is being deleted',
  'migrate-vm': 'It is being migrated',
  'make-template': 'A template is being made of it',
  'take-snapshot': 'A snapshot of it is being taken',
  'revert-snapshot': 'It is being reverted to a snapshot',
  'delete-snapshot': 'A snapshot of it is being deleted',
  'back-up-vm': 'It is being backed up',
  'restore-vm': 'It is being restored',
  'clone-recovery-point': 'It is being made',
  'keep-clone': 'It is being kept on its own',
  'follow-source': 'It is being brought up to date',
}

/** Most VMs or people get a no to these: until that is known, they wait for the answer. */
const areSeldomGiven: ReadonlySet<VmCommand> = new Set(['keep', 'make-template'])

/** @returns why the command can't be given now, or undefined */
export function reasonAgainst(vm: CommandVm, answers: VmAnswers, command: VmCommand): string | undefined {
  if (command === 'protect' || command === 'unprotect') return answers ? whyNot(answers.may.protect) : undefined
  const busy = vm.operation && busyWith[vm.operation.kind]
  if (busy) return `${busy}: wait for its end, or cancel it.`
  const way = command === 'start' ? wayOf(vm) : undefined
  if (way) return way.reason
  if (!answers) {
    // Whether its host is out of reach, or has it no longer, the row doesn't say.
    if (areSeldomGiven.has(command) || vm.state === 'unknown') return 'Looking whether it can be done.'
    // What its state forbids is known already: little moves under the pointer when the answers come.
    return whyNot(vmRule({ state: vm.state, protected: vm.protected }, command))
  }
  return (command === 'make-template' ? whyNot(answers.may.makeTemplate) : undefined) ?? whyNot(answers.can[command])
}

/**
 * Every command in groups, each off with its reason, so that none comes or goes under the pointer when the answers
 * arrive; `except` are those that stand elsewhere.
 */
export function vmMenu(
  vm: CommandVm,
  answers: VmAnswers,
  run: (command: VmCommand) => void,
  except: readonly VmCommand[] = [],
): MenuGroup[] {
  const item = (command: VmCommand): MenuAction => ({
    id: command,
    ...commandLook[command],
    disabledReason: reasonAgainst(vm, answers, command),
    onAction: () => run(command),
  })
  const group = (id: string, ...commands: VmCommand[]): MenuGroup => ({
    id,
    items: commands.filter((command) => !except.includes(command)).map(item),
  })
  return [
    group('power', 'start', 'shutdown', 'reboot', 'suspend', 'resume'),
    group('hard power', 'reset', 'force-off'),
    group('keep what it is', 'snapshot', 'backup'),
    group('change', 'keep', 'migrate', 'clone', 'make-template', 'edit'),
    group('end', vm.protected ? 'unprotect' : 'protect', 'delete'),
  ]
}
