import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const program = '/usr/sbin/sshd'
/** It is not installed for a test: on most machines that would open them to the network. */
export const hasSshd = existsSync(program)

export interface SshdOptions {
  /** Where it listens: on the loopback unless said otherwise */
  address?: string
  /** What its command line begins with, such as nsenter for another machine's network and files */
  within?: readonly string[]
}

/**
 * An ssh server that takes the key `client` alone, of every account. In its folder: keys `client`, `stranger` and `host`
 * (and their `.pub`), and the known hosts `known`, `wrong` and `empty`.
 */
export class Sshd {
  readonly folder: string
  readonly port: number
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  static async start({ address = '127.0.0.1', within = [] }: SshdOptions = {}): Promise<Sshd> {
    const folder = await mkdtemp(path.join(tmpdir(), 'sshd-'))
    await chmod(folder, 0o755) // it looks for a key as the account that has it
    const at = (name: string) => path.join(folder, name)
    const port = await freePort()
    for (const key of ['host', 'client', 'stranger']) {
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)])
    }
    await writeFile(at('authorized'), await readFile(at('client.pub')))
    await writeFile(at('known'), `[${address}]:${port} ${await readFile(at('host.pub'), 'utf8')}`)
    await writeFile(at('wrong'), `[${address}]:${port} ${await readFile(at('stranger.pub'), 'utf8')}`)
    await writeFile(at('empty'), '')
    const settings = [
      `Port ${port}`,
      `ListenAddress ${address}`,
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'StrictModes no',
      'UsePAM no',
      `PidFile ${at('pid')}`,
    ]
    await writeFile(at('config'), `${settings.join('\n')}\n`)
    const sshd = new Sshd(folder, port)
    try {
      await sshd.restart(within)
      return sshd
    } catch (error) {
      await sshd.remove()
      throw error
    }
  }

  /** Ends it, but not who has signed in, and starts it with the same keys, on another machine if need be. */
  async restart(within: readonly string[]): Promise<void> {
    this.#process?.kill()
    await rm(this.at('pid'), { force: true })
    await run('env', [...within, 'mkdir', '-p', '/run/sshd'])
    const command = [...within, program, '-D', '-e', '-f', this.at('config')]
    this.#process = spawn('env', command, { stdio: 'ignore' })
    await this.#listening()
  }

  /** A setting of its configuration, instead of what it was or is by itself, for connections from now on. */
  async set(name: string, value: string): Promise<void> {
    const lines = (await readFile(this.at('config'), 'utf8')).split('\n').filter((line) => !line.startsWith(`${name} `))
    await writeFile(this.at('config'), [`${name} ${value}`, ...lines].join('\n'))
    await rm(this.at('pid'))
    this.#process?.kill('SIGHUP')
    await this.#listening()
  }

  async #listening(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await stat(this.at('pid')).catch(() => undefined)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('sshd did not start')
  }

  at(name: string): string {
    return path.join(this.folder, name)
  }

  async remove() {
    this.#process?.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}
