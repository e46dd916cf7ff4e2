import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from '@playwright/test'
import pg from 'pg'
import type { FleetDescription } from '#lab/fleet.ts'

const run = promisify(execFile)

/** A variable that the end-to-end run sets. */
export function given(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run these tests with npm test -- --only e2e`)
  return value
}

export const fleet: FleetDescription = JSON.parse(readFileSync(given('SKERRY_FLEET'), 'utf8'))

export interface SignIn {
  role: string
  email: string
  password: string
}

export function signInOf(role: string): SignIn {
  const people: SignIn[] = JSON.parse(readFileSync(given('SKERRY_SIGN_IN'), 'utf8'))
  const person = people.find((each) => each.role === role)
  if (!person) throw new Error(`The lab has no sign-in for ${role}`)
  return person
}

/** The lab's own libvirt shell on one host: the judge beside our own code. */
export async function virsh(hostName: string, ...args: string[]): Promise<string> {
  const host = fleet.hosts.find((each) => each.name === hostName)
  if (!host) throw new Error(`The lab has no host ${hostName}`)
  const { stdout } = await run('virsh', ['-q', '-c', `qemu:///system?socket=${host.socketPath}`, ...args], {
    timeout: 60_000,
  })
  return stdout.trim()
}

/** Names of the VMs that the host itself says it has, or runs. */
export async function namesOn(hostName: string, which: 'all' | 'running' = 'all'): Promise<string[]> {
  const listed = await virsh(hostName, 'list', '--name', ...(which === 'all' ? ['--all'] : []))
  return listed
    .split('\n')
    .map((name) => name.trim())
    .filter(Boolean)
}

/** As {@link namesOn}, without the throw-away VMs of boot tests, which are in no list. */
export const listedOn = async (hostName: string) =>
  (await namesOn(hostName)).filter((name) => !name.startsWith('skerry-'))

/** The lab makes its guests one after another while tests already run. */
export async function waitForGuest(name: string): Promise<FleetDescription['guests'][number]> {
  const guest = fleet.guests.find((each) => each.name === name)
  if (!guest) throw new Error(`The lab has no guest ${name}`)
  const running = () => virsh(guest.host, 'list', '--name', '--state-running')
  await expect.poll(running, { timeout: 120_000, message: `${name} runs on ${guest.host}` }).toContain(name)
  return guest
}

/** Rows straight from the database, past the console and its permissions. */
export async function sql<Row extends object>(query: string, ...values: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: given('DATABASE_URL'), options: '-c skerry.scope=*' })
  await client.connect()
  try {
    return (await client.query<Row>(query, values)).rows
  } finally {
    await client.end()
  }
}

export async function vmId(name: string): Promise<string> {
  const [vm] = await sql<{ id: string }>('SELECT id FROM vm WHERE name = $1', name)
  if (!vm) throw new Error(`The database has no VM ${name}`)
  return vm.id
}
