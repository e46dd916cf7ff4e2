import { describe, expect, test } from 'vitest'
import { checkFile } from './import-rules.ts'

/** Each finding as "line: rule", shortened to what the test is about. */
const found = (path: string, ...lines: string[]) =>
  checkFile(path, lines.join('\n')).map(({ line, rule, severity }) => `${line} ${severity}: ${rule}`)

describe('direction of imports', () => {
  test.each([
    ['app/(console)/page.tsx', `import { listVms } from '#server/core/vm.ts'`, 'app may not import server/core/vm.ts'],
    ['app/(console)/page.tsx', `import { root } from '#server/api/root.ts'`, 'app may not import server/api/root.ts'],
    ['components/ui/button.tsx', `import { x } from '../vm/badge.tsx'`, 'components/ui may not import components/vm'],
    ['components/vm/badge.tsx', `import { db } from '#server/db.ts'`, 'components may not import server/db.ts'],
    ['server/schema/vm.ts', `import { db } from '../db.ts'`, 'server/schema may not import server/db.ts'],
    ['server/schema/vm.ts', `import superjson from 'superjson'`, 'server/schema imports zod alone, not superjson'],
    ['server/core/vm.ts', `import { driver } from '#server/hypervisor/driver.ts'`, 'server/core may not import'],
    ['server/core/vm.ts', `import { x } from '../api/vm.ts'`, 'server/core may not import server/api/vm.ts'],
    ['server/api/vm.ts', `import { driver } from '#server/hypervisor/driver.ts'`, 'server/api may not import'],
    ['server/workflows/start-vm.ts', `import { x } from '#server/api/vm.ts'`, 'server/workflows may not import'],
    ['server/workflows/start-vm.ts', `import { x } from '#server/libvirt/rpc.ts'`, 'server/workflows may not import'],
    ['server/hypervisor/driver.ts', `import { x } from '../libvirt/rpc.ts'`, 'server/hypervisor may not import'],
    ['server/libvirt/rpc.ts', `import pino from 'pino'`, 'server/libvirt imports no package, not pino'],
    ['server/libvirt/rpc.ts', `import { e } from '../errors.ts'`, 'server/libvirt may not import server/errors.ts'],
    ['server/nbd/client.ts', `export * from '#server/db.ts'`, 'server/nbd may not import server/db.ts'],
    ['server/repository/chunk.ts', `await import('#server/core/vm.ts')`, 'server/repository may not import'],
    ['server/telemetry/ingest.ts', `import '#server/core/vm.ts'`, 'server/telemetry may not import server/core'],
    ['server/inventory/sync.ts', `import { x } from '#server/libvirt/rpc.ts'`, 'server/inventory may not import'],
    ['lab/host.ts', `import { x } from '#server/libvirt/rpc.ts'`, 'lab may not import server/libvirt/rpc.ts'],
    ['prisma/seed.ts', `import { x } from '#server/workflows/start-vm.ts'`, 'prisma may not import'],
  ])('%s: %s', (path, line, rule) => {
    expect(found(path, '', line)).toEqual([expect.stringContaining(`2 error: ${rule}`)])
  })

  test.each([
    ['app/(console)/page.tsx', `import { Button } from '#components/ui/button.tsx'`],
    ['components/vm/badge.tsx', `import type { AppRouter } from '#server/api/root.ts'`],
    ['components/vm/badge.tsx', `import { type AppRouter } from '#server/api/root.ts'`],
    ['components/trpc/server.tsx', `import { root } from '#server/api/root.ts'`],
    ['app/api/trpc/[trpc]/route.ts', `import { root } from '#server/api/root.ts'`],
    ['server/schema/vm.ts', `import { z } from 'zod'`],
    ['server/libvirt/rpc.ts', `import { connect } from 'node:tls'\nimport { x } from './xdr.ts'`],
    ['server/hypervisor/libvirt/driver.ts', `import { x } from '#server/libvirt/rpc.ts'`],
    ['server/run-worker.ts', `import { x } from './workflows/start-vm.ts'`],
    ['lab/simulated/main.ts', `import { x } from '#server/libvirt/xdr.ts'`],
    ['server/core/vm.integration.test.ts', `import { x } from '#lab/lab.ts'`],
    ['server/core/vm.ts', `// import { x } from '#server/api/vm.ts'`],
  ])('%s may: %s', (path, line) => {
    expect(found(path, line)).toEqual([])
  })

  test('a folder of the server without an entry is not free to import anything', () => {
    expect(found('server/new-thing/x.ts', `import { x } from '#server/core/vm.ts'`)).toEqual([
      '1 error: server/new-thing has no entry in server/setup/import-rules.ts',
    ])
  })

  test('an import over several lines is found where it starts', () => {
    expect(found('server/core/vm.ts', '', 'import {', '  a,', '  b,', `} from '#server/auth/policy.ts'`)).toEqual([
      expect.stringContaining('2 error: server/core may not import server/auth/policy.ts'),
    ])
  })
})

describe('what belongs in one place', () => {
  test.each([
    ['server/core/vm.ts', 'const port = process.env.PORT', 'process.env is read in server/env.ts alone'],
    ['server/api/vm.ts', `throw new TRPCError({ code: 'NOT_FOUND' })`, 'TRPCError is made in server/api/trpc.ts alone'],
    ['server/core/vm.ts', `import { XMLParser } from 'fast-xml-parser'`, 'XML is read and written in'],
    ['server/hypervisor/libvirt/power.ts', 'const xml = `<domain type="qemu">`', 'XML is read and written in'],
  ])('%s: %s', (path, line, rule) => {
    expect(found(path, line)).toEqual([expect.stringContaining(`1 error: ${rule}`)])
  })

  test.each([
    ['server/env.ts', 'process.env.PORT'],
    ['server/setup/up.mjs', 'process.env.PORT'],
    ['server/api/trpc.ts', 'new TRPCError()'],
    ['server/hypervisor/libvirt/xml/domain.ts', 'const xml = `<domain type="qemu">`'],
    ['components/ui/icon.tsx', '<network />'],
    ['server/core/vm.ts', '/* process.env, <domain> */'],
  ])('%s may: %s', (path, line) => {
    expect(found(path, line)).toEqual([])
  })

  test('a file over 300 lines is a warning', () => {
    expect(found('server/core/vm.ts', ...Array(301).fill('x'))).toEqual([
      '301 warning: 301 lines: has it one reason to exist?',
    ])
    expect(found('server/core/vm.ts', ...Array(300).fill('x'))).toEqual([])
  })
})
