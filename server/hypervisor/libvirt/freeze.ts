import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'

/** A guest may have much to write before it stands still. */
const freezeMs = 60_000
const thawAttempts = 3

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

/** Does something while the guest writes nothing. Whatever comes of it, the guest is thawed: also when the caller gave up. */
export async function frozen<T>(
  session: Session,
  vm: string,
  work: () => Promise<T>,
  options: CallOptions,
): Promise<T> {
  try {
    await freeze(session, vm, options)
    return await work()
  } finally {
    await thawSurely(session, vm)
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
