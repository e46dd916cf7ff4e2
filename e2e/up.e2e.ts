import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { SimulatedDescription } from '#lab/simulated/description.ts'
import { freePort } from '#server/setup/postgres.mjs'
import { expect, test, typePassword } from './test.ts'

const run = promisify(execFile)

/** `npm run up` as somebody types it into a terminal, over a data folder of its own. */
class UpCommand {
  output = ''
  readonly #npm
  readonly #ended

  constructor(data: string, ...options: string[]) {
    // What is said of the console that the other tests visit, it must not hear.
    const env = { ...process.env }
    for (const key in env) if (key === 'DATABASE_URL' || key.startsWith('SKERRY_')) delete env[key]
    // A group of its own, to which Ctrl-C goes.
    this.#npm = spawn('npm', ['run', 'up', '--', ...options], { env: { ...env, SKERRY_DATA: data }, detached: true })
    this.#ended = once(this.#npm, 'close')
    for (const stream of [this.#npm.stdout, this.#npm.stderr]) stream.on('data', (text) => (this.output += text))
  }

  pressCtrlC() {
    if (this.#npm.pid && this.#npm.exitCode === null) process.kill(-this.#npm.pid, 'SIGINT')
  }

  async ended(): Promise<number> {
    const [code] = await this.#ended
    return code
  }
}

/** The processes of this machine that name the folder in what they were started with. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const parts = ['cmdline', 'environ'].map((part) => readFile(`/proc/${pid}/${part}`, 'utf8').catch(() => ''))
      return (await Promise.all(parts)).join(' ').replaceAll('\0', ' ')
    }),
  )
  return lines.filter((line) => line.includes(folder))
}

test('npm run up brings up a console where no hypervisor can run; Ctrl-C leaves nothing', async ({ page }) => {
  test.setTimeout(180_000)
  const data = await mkdtemp('/tmp/skerry-e2e-up-')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const up = new UpCommand(data, '--simulated', '--port', String(port))
  let second: UpCommand | undefined
  try {
    await expect.poll(() => up.output, { timeout: 90_000 }).toContain(`Skerry is ready: ${url}`)
    expect(up.output).toMatch(/✓ Postgres +\d+\.\d s/)
    const fleet: SimulatedDescription = JSON.parse(await readFile(`${data}/fleet.json`, 'utf8'))
    const health = async () => (await fetch(`${url}/api/health`)).json()
    await expect.poll(health).toMatchObject({
      status: 'ok',
      sites: fleet.sites.length,
      hosts: fleet.hosts.length,
      hostsConnected: fleet.hosts.length,
      vms: fleet.guests.length,
    })

    const [, email = '', password = ''] = /^ +operator +(\S+) +(\S+)$/m.exec(up.output) ?? []
    await page.goto(`${url}/login?next=/fleet`)
    await typePassword(page, { email, password })
    const listed = await run('virsh', ['-c', virshUri(fleet, 0), 'list', '--name', '--state-running'])
    const name = listed.stdout.trim().split('\n')[0] ?? ''
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
    await expect(row.getByRole('img', { name: 'simulated' })).toBeVisible()
    await page.goto(`${url}/hosts`)
    await expect(page.getByText('simulated', { exact: true })).toHaveCount(fleet.hosts.length)

    second = new UpCommand(data, '--simulated', '--port', String(port + 1))
    expect(await second.ended()).toBe(1)
    expect(second.output).toContain(`Skerry already runs here: ${url}`)

    up.pressCtrlC()
    expect(await up.ended()).toBe(0)
    expect(up.output).toContain('Everything is stopped.')
    expect(await processesOf(data)).toEqual([])
    await run('npm', ['run', 'reset', '--', '--yes'], { env: { ...process.env, SKERRY_DATA: data } })
    expect(existsSync(data)).toBe(false)
  } finally {
    for (const command of [second, up]) {
      command?.pressCtrlC()
      await command?.ended()
    }
    await rm(data, { recursive: true, force: true })
  }
})

const virshUri = ({ hosts }: SimulatedDescription, index: number) =>
  `qemu+unix:///system?socket=${hosts[index]?.socketPath}`
