import { asSkerryError } from '../../errors.ts'
import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions } from '../driver.ts'
import type { Freeze } from '../facts.ts'
import { isAnswer, refusedWith } from './errors.ts'
import type { Session } from './session.ts'

/** A guest may have much to write before it stands still. */
const freezeMs = 60_000
const thawAttempts = 3
const statusWaitSeconds = 5
/** The agent answered that it will not; an older libvirt has no code of its own for it. */
const refusals = [errorCode.agentCommandFailed, errorCode.internalError]
/** Whether the agent does it later nobody knows. */
const silences = [errorCode.agentCommandTimeout, errorCode.agentUnresponsive, errorCode.agentUnsynced]

export async function freeze(session: Session, vm: string, options: CallOptions): Promise<number> {
  const limits = { timeoutMs: freezeMs, ...options }
  const args = { domain: { uuid: vm } }
  return (await session.long("freeze a guest's file systems", 'domainFsFreeze', args, limits)).fileSystems
}

export async function thaw(session: Session, vm: string, options: CallOptions): Promise<number> {
  const limits = { timeoutMs: freezeMs, ...options }
  const args = { domain: { uuid: vm } }
  return (await session.long("thaw a guest's file systems", 'domainFsThaw', args, limits)).fileSystems
}

/**
 * Does something while the guest writes nothing. Whatever comes of it, the guest is thawed: also when the caller gave up.
 * Where its agent will not freeze it, the work is done all the same.
 * @throws SkerryError when it can't be thawed again
 */
export async function frozen<T>(
  session: Session,
  vm: string,
  work: (freeze: Freeze) => Promise<T>,
  options: CallOptions,
): Promise<{ result: T; freeze: Freeze }> {
  const freeze = await tryToFreeze(session, vm, options)
  if (freeze.problem !== null) return { result: await work(freeze), freeze }
  try {
    return { result: await work(freeze), freeze }
  } finally {
    await thawSurely(session, vm)
  }
}

async function tryToFreeze(session: Session, vm: string, options: CallOptions): Promise<Freeze> {
  try {
    return { fileSystems: await freeze(session, vm, options), problem: null }
  } catch (error) {
    const detail = asSkerryError(error).detail
    // It may have frozen some of them, and an earlier attempt all.
    if (refusedWith(error, ...refusals)) {
      return { fileSystems: 0, problem: problems[await thawRefused(session, vm)], detail }
    }
    await thawSurely(session, vm)
    if (!refusedWith(error, ...silences)) throw error
    return { fileSystems: 0, problem: 'The guest agent did not answer in time.', detail }
  }
}

const problems = {
  thawed: 'The guest agent refused to freeze them.',
  unknown: 'The guest agent refused to freeze them, to thaw them, and to say whether they stand still.',
}

/** An agent that said no to freezing may say no to this as well: then its word counts. */
async function thawRefused(session: Session, vm: string): Promise<keyof typeof problems> {
  try {
    await thawSurely(session, vm)
    return 'thawed'
  } catch (error) {
    if (!refusedWith(error, ...refusals)) throw error
    const status = await freezeStatus(session, vm)
    if (status !== 'frozen') return status
    throw session.refuse(
      'conflict',
      "thaw a guest's file systems",
      'they stand still, and the guest agent refuses to thaw them',
      'Thaw them in the guest (fsfreeze --unfreeze, for each of them) or reset the VM, then try again.',
      asSkerryError(error).detail,
    )
  }
}

async function freezeStatus(session: Session, vm: string): Promise<'thawed' | 'frozen' | 'unknown'> {
  const command = JSON.stringify({ execute: 'guest-fsfreeze-status' })
  const args = { domain: { uuid: vm }, command, timeoutSeconds: statusWaitSeconds }
  try {
    const { result } = await session.slowRead('ask whether file systems stand still', 'qemuDomainAgentCommand', args)
    const { return: status } = JSON.parse(result ?? '{}') as { return?: unknown }
    return status === 'thawed' || status === 'frozen' ? status : 'unknown'
  } catch (error) {
    if (isAnswer(error) || error instanceof SyntaxError) return 'unknown'
    throw error
  }
}

async function thawSurely(session: Session, vm: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await thaw(session, vm, {})
      return
    } catch (error) {
      const cannot = [
        errorCode.argumentUnsupported,
        errorCode.configUnsupported,
        errorCode.operationInvalid,
        errorCode.noDomain,
      ]
      // Without an agent, or without a guest, nothing was frozen.
      if (refusedWith(error, ...cannot)) return
      if (attempt >= thawAttempts) throw error
    }
  }
}
