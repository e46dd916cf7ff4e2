import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { afterAll, beforeAll, vi } from 'vitest'
import { Daemon } from '#server/libvirt/testing/daemon.ts'
import { hasSshd, Sshd } from '#server/libvirt/testing/sshd.ts'

export interface SshDaemon {
  /** A libvirtd of its own */
  readonly daemon: Daemon
  /** The ssh server that leads to it */
  readonly sshd: Sshd
  readonly user: string
  /** Where temporary files are made meanwhile */
  readonly temporary: string
}

/** A libvirtd that this file's tests reach through an ssh server, where the machine has one. */
export function sshDaemon(): () => SshDaemon {
  let made: SshDaemon | undefined
  beforeAll(async () => {
    if (!hasSshd) return
    const daemon = await Daemon.start()
    const sshd = await Sshd.start()
    const temporary = sshd.at('temporary')
    made = { daemon, sshd, user: userInfo().username, temporary }
    await mkdir(temporary)
    vi.stubEnv('TMPDIR', temporary)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await made?.daemon.remove()
    await made?.sshd.remove()
  })
  return () => {
    if (!made) throw new Error('This machine has no sshd')
    return made
  }
}
