import { asSkerryError } from '../../errors.ts'
import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions } from '../driver.ts'
import type { Freeze } from '../facts.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'

/** A guest may have much to write before it stands still. */
const freezeMs = 60_000
const thawAttempts = 3
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
    const isRefused = refusedWith(error, ...refusals)
    // It may have frozen some of them. One that said no to this may say no to that as well.
    await thawSurely(session, vm, isRefused ? refusals : [])
    if (!isRefused && !refusedWith(error, ...silences)) throw error
    const problem = isRefused ? 'The guest agent refused to freeze them.' : 'The guest agent did not answer in time.'
    return { fileSystems: 0, problem, detail: asSkerryError(error).detail }
  }
}

/** @param forgiven for these errors it counts as thawed */
async function thawSurely(session: Session, vm: string, forgiven: readonly number[] = []): Promise<void> {
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
      if (refusedWith(error, ...cannot, ...forgiven)) return
      if (attempt >= thawAttempts) throw error
    }
  }
}
