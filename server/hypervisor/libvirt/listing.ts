import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../../libvirt/error.ts'
import { refusedWith } from './errors.ts'

const attempts = 30
const betweenMs = 100

/**
 * Lists what belongs to a VM. While one is being made, as by a worker that died meanwhile, it has no name for a moment,
 * and libvirt refuses the whole list for it (`name in virGetDomainCheckpoint must not be NULL`).
 */
export async function listed<Answer>(list: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await list()
    } catch (error) {
      if (attempt === attempts || !refusedWith(error, errorCode.invalidArgument)) throw error
    }
    await delay(betweenMs)
  }
}
