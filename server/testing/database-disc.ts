import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#lab/command.ts'
import { postgresFolder, postgresIdentity } from '#server/setup/postgres-binary.mjs'

const mariadb = { server: '/usr/sbin/mariadbd', client: '/usr/bin/mariadb', words: '/usr/share/mysql' }

/** PostgreSQL's client as Debian and Ubuntu install it, the newest. */
async function psqlPath(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? await readdir(root) : []
  const paths = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `${root}/${version}/bin/psql`)
  return paths.find((path) => existsSync(path))
}

/** What this machine lacks for databases inside a guest, or nothing. */
export async function databaseObstacle(): Promise<string | undefined> {
  const packages = [
    ...(existsSync(mariadb.server) ? [] : ['mariadb-server-core']),
    ...(existsSync(mariadb.client) ? [] : ['mariadb-client-core']),
    ...((await psqlPath()) ? [] : ['postgresql-client']),
  ]
  return packages.length > 0 ? `it needs the packages ${packages.join(', ')}` : undefined
}

/**
 * Makes a disc for lab guests with PostgreSQL and MariaDB as this machine has them. In a guest with the disc as `vdb`,
 * `sh /disc/start` (after mounting it at `/disc`) starts both on empty databases below `/run`, which live in memory:
 * PostgreSQL's log is `/run/postgres.log`, MariaDB's general log `/run/mariadb/general.log`.
 */
export async function makeDatabaseDisc(target: string): Promise<void> {
  const root = await mkdtemp(`${target}-`)
  try {
    const postgres = postgresFolder()
    await cp(postgres, join(root, 'postgres'), { recursive: true, dereference: true })
    await makeCluster(postgres, join(root, 'cluster'))
    await mkdir(join(root, 'lib'))
    await mkdir(join(root, 'bin'))
    const programs = { mariadbd: mariadb.server, mariadb: mariadb.client, psql: (await psqlPath()) ?? '' }
    for (const [name, path] of Object.entries(programs)) {
      await copyFile(path, join(root, 'bin', name))
      await copyLibraries(path, join(root, 'lib'))
    }
    await copyLibraries(join(postgres, 'bin/postgres'), join(root, 'lib'))
    await copyFile(join(root, 'bin/psql'), join(root, 'postgres/bin/psql'))
    await mkdir(join(root, 'words'))
    await cp(join(mariadb.words, 'english'), join(root, 'words/english'), { recursive: true })
    await cp(join(mariadb.words, 'charsets'), join(root, 'words/charsets'), { recursive: true })
    await writeFile(join(root, 'start'), startScript)
    await chmod(join(root, 'start'), 0o755)
    await run('genisoimage', ['-quiet', '-r', '-o', target, root], { timeoutMs: 120_000 })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** An empty cluster, made here because a guest under emulation takes a minute for it. */
async function makeCluster(postgres: string, folder: string): Promise<void> {
  const { prefix, uid, gid } = postgresIdentity()
  if (uid !== undefined) throw new Error(`PostgreSQL can't be run here as ${uid}:${gid}; it takes user namespaces`)
  const settings = ['-D', folder, '-U', 'postgres', '-A', 'trust', '--no-locale', '-E', 'UTF8', '--no-sync']
  const [program = '', ...rest] = [...prefix, join(postgres, 'bin/initdb'), ...settings]
  await run(program, rest, { timeoutMs: 120_000 })
}

/** Libraries that a program is linked with, but for those that it brings beside itself. */
async function copyLibraries(program: string, folder: string): Promise<void> {
  for (const [, path = ''] of (await run('ldd', [program])).matchAll(/=> (\/\S+) \(0x/g)) {
    if (path.startsWith(dirname(dirname(program)))) continue
    await copyFile(path, join(folder, path.slice(path.lastIndexOf('/') + 1)))
  }
}

const startScript = `#!/bin/sh
export PATH=/bin:/sbin:/usr/sbin
libraries=/lib/x86_64-linux-gnu
mkdir -p $libraries /usr/share
for each in /disc/lib/*; do [ -e $libraries/\${each##*/} ] || cp "$each" $libraries/; done
ln -sf /disc/bin/mariadb /disc/bin/psql /bin/
grep -q '^postgres:' /etc/passwd 2>/dev/null || echo 'postgres:x:70:70::/run:/bin/sh' >>/etc/passwd
grep -q '^root:' /etc/passwd || echo 'root:x:0:0::/:/bin/sh' >>/etc/passwd
cp -r /disc/cluster /run/cluster
mkdir -p /run/postgres
touch /run/postgres.log
chown -R postgres:70 /run/cluster /run/postgres /run/postgres.log
chmod -R 700 /run/cluster
su postgres -c '/disc/postgres/bin/postgres -D /run/cluster -k /run/postgres -c listen_addresses= -c shared_buffers=8MB \\
  -c log_checkpoints=on -c max_connections=10 -c dynamic_shared_memory_type=mmap' >>/run/postgres.log 2>&1 </dev/null &
mkdir -p /run/mariadb/data
/disc/bin/mariadbd --no-defaults --user=root --datadir=/run/mariadb/data --socket=/run/mariadb/socket --skip-grant-tables \\
  --skip-networking --lc-messages-dir=/disc/words --character-sets-dir=/disc/words/charsets --innodb-buffer-pool-size=8M \\
  --innodb-log-file-size=4M --tmpdir=/run/mariadb --pid-file=/run/mariadb/pid \\
  --general-log=1 --general-log-file=/run/mariadb/general.log >/run/mariadb/log 2>&1 </dev/null &
`
