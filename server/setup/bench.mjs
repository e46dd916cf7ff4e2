// npm run bench -- NAME: one benchmark. Its last line on stdout is its result as JSON; what we say goes to stderr.
import { existsSync, readdirSync } from 'node:fs'
import { labPackages } from '../../lab/packages.mjs'
import { browserPath } from './browser.mjs'
import { ensureNpmPackages } from './npm-packages.mjs'
import { browserPackages, ensurePackages } from './packages.mjs'
import { inRoot } from './place.mjs'
import { ensureClient } from './prisma.mjs'
import { nodeCommand, stopPrograms, tryProgram } from './program.mjs'
import { SetupError, step } from './step.mjs'

/** Enough for modules that read it; a bench makes its own database. */
const environment = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  BETTER_AUTH_SECRET: 'only-for-benches-only-for-benches-only-for',
  SKERRY_KEY: Buffer.alloc(32, 7).toString('base64'),
  SKERRY_LOG_LEVEL: 'error',
}

/** The peers that a bench is measured against, where they are programs. */
const peerPackages = {
  backup: [
    { name: 'restic', binary: '/usr/bin/restic' },
    { name: 'borgbackup', binary: '/usr/bin/borg' },
  ],
}

const [name = '', ...rest] = process.argv.slice(2)
const program = inRoot('bench', `${name}.ts`)
if (!/^[\w-]+$/.test(name) || !existsSync(program)) {
  const known = existsSync(inRoot('bench')) ? readdirSync(inRoot('bench')).filter((file) => file.endsWith('.ts')) : []
  console.error(`npm run bench -- NAME, where NAME is one of: ${known.map((file) => file.slice(0, -3)).join(', ')}`)
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stopPrograms)
try {
  const out = process.stderr
  const peers = Object.entries(peerPackages).flatMap(([bench, packages]) => (bench === name ? packages : []))
  const wanted = [...labPackages, ...(browserPath() ? [] : browserPackages), ...peers]
  await step('System packages', (detail) => ensurePackages(wanted, detail), { out })
  await step('npm packages', ensureNpmPackages, { out })
  await step('Database client', ensureClient, { out })
  const { code } = await tryProgram(nodeCommand(program, ...rest), {
    env: { ...environment, ...process.env },
    show: true,
  })
  process.exitCode = code === 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error)
  process.exitCode = 1
}
