/** A line that breaks a rule; `line` counts from 1. A `warning` is shown but does not fail. */
export type Finding = { path: string; line: number; rule: string; severity: 'error' | 'warning' }

type FolderRule = {
  /** What may be imported of this repository, besides the folder itself. */
  may: string[]
  /** What may be imported for its types alone. */
  mayTypes?: string[]
  /** The packages it may import, where not all of them. */
  packages?: string[]
}

const foundations = ['server/db.ts', 'server/each-at-once.ts', 'server/errors.ts', 'server/schema', 'prisma/generated']
const logging = ['server/log.ts', 'server/env.ts']
const serverSide = ['server/api', 'server/auth', 'server/core', 'server/live', ...foundations, ...logging]

/**
 * Which folder may import which: the one place where the direction of imports is written down. A path is judged by the
 * longest entry that it starts with; `*` stands for everything.
 */
export const folderRules: Record<string, FolderRule> = {
  app: { may: ['components', 'server/schema'], mayTypes: ['server/api/root.ts'] },
  components: { may: ['server/schema'], mayTypes: ['server/api/root.ts'] },
  'components/ui': { may: [] },
  'components/trpc/server.tsx': { may: ['components/trpc', ...serverSide] },

  'server/schema': { may: [], packages: ['zod'] },
  'server/api': {
    may: ['server/auth', 'server/core', 'server/live', 'server/file-reader/client.ts', ...foundations, ...logging],
  },
  'server/file-reader': {
    may: ['server/filesystem', 'server/repository', 'server/workflows/repositories.ts', ...foundations, ...logging],
  },
  'server/auth': { may: ['server/core', ...foundations, ...logging] },
  'server/core': { may: foundations },
  'server/live': { may: ['server/core', ...foundations, ...logging] },
  'server/workflows': {
    may: ['core', 'hypervisor', 'repository', 'nbd', 'telemetry']
      .map((name) => `server/${name}`)
      .concat(foundations, logging),
  },
  'server/inventory': { may: ['server/core', 'server/hypervisor', ...foundations, ...logging] },
  'server/hypervisor': { may: ['server/errors.ts', 'server/schema'] },
  'server/hypervisor/libvirt': { may: ['server/hypervisor', 'server/libvirt', 'server/errors.ts', 'server/schema'] },
  'server/libvirt': { may: [], packages: [] },
  'server/nbd': { may: [], packages: [] },
  'server/libvirt/testing': { may: ['server/libvirt', 'server/testing'] },
  'server/nbd/testing': { may: ['server/nbd', 'server/testing'] },
  'server/filesystem': { may: [], packages: [] },
  'server/repository': { may: foundations },
  'server/telemetry': { may: foundations },
  'server/db.ts': { may: ['prisma/generated', 'server/errors.ts'] },
  'server/each-at-once.ts': { may: [] },
  'server/env.ts': { may: [] },
  'server/errors.ts': { may: [] },
  'server/process.ts': { may: [] },
  'server/log.ts': { may: ['server/env.ts'] },
  'server/set-up-code.ts': { may: ['server/auth', ...foundations, ...logging] },
  'server/web.ts': { may: ['*'] },
  'server/run-worker.ts': { may: ['*'] },
  'server/worker.ts': { may: ['server/run-worker.ts', 'server/repository/chunk-worker.ts'] },
  'server/setup': { may: ['lab/packages.mjs'] },
  'server/testing': { may: ['*'] },

  prisma: { may: ['server/core', 'server/auth', ...foundations, ...logging] },
  lab: { may: [] },
  'lab/simulated': { may: ['lab', 'server/libvirt', 'server/hypervisor/libvirt/xml'] },
  e2e: { may: ['lab', 'server/setup', 'server/testing', 'server/schema'], mayTypes: ['server/api/root.ts'] },
  bench: { may: ['*'] },
}

/** Next's route handlers and middleware are where requests enter, so they reach the server's side. */
const routeHandler = /^app\/(.*\/)?route\.ts$/
const test = /\.(test|cases)\.tsx?$/

const startsWith = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)

/** The entry of {@link folderRules} that a path is judged by. */
function ruleFor(path: string): { folder: string; rule: FolderRule } | undefined {
  if (routeHandler.test(path)) return { folder: 'a route handler', rule: { may: ['app', 'components', ...serverSide] } }
  const folder = Object.keys(folderRules)
    .filter((entry) => startsWith(path, entry))
    .sort((a, b) => b.length - a.length)[0]
  const rule = folder === undefined ? undefined : folderRules[folder]
  return folder === undefined || rule === undefined ? undefined : { folder, rule }
}

type Import = { target: string; typeOnly: boolean; index: number }

const importPatterns = [
  /\b(?:import|export)\s+(?<type>type\s+)?(?<names>[^'"`;()=]*?)\bfrom\s*['"](?<target>[^'"]+)['"]/g,
  /\bimport\s*['"](?<target>[^'"]+)['"]/g,
  /\bimport\(\s*['"](?<target>[^'"]+)['"]/g,
]

function importsOf(code: string): Import[] {
  return importPatterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map(({ groups, index }) => {
      const names = /^\{(?<inner>[^}]*)\}\s*$/.exec(groups?.names ?? '')?.groups?.inner?.split(',') ?? ['value']
      const named = names.map((name) => name.trim()).filter(Boolean)
      const typeOnly = Boolean(groups?.type) || (named.length > 0 && named.every((name) => name.startsWith('type ')))
      return { target: groups?.target ?? '', typeOnly, index }
    }),
  )
}

/** The path inside the repository that an import means, or nothing for a package. */
function resolveInside(from: string, target: string): string | undefined {
  if (target.startsWith('#')) return target.slice(1)
  if (!target.startsWith('.')) return undefined
  const base = new URL(target, `file:///${from}`)
  return decodeURIComponent(base.pathname.slice(1))
}

/** Replaces comments by blanks, so that what stands in them is no finding and lines keep their numbers. */
function withoutComments(text: string): string {
  const commentOrLiteral =
    /(\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g
  return text.replace(commentOrLiteral, (all, comment) => (comment ? all.replace(/[^\n]/g, ' ') : all))
}

/** What one import breaks, in words, or nothing. */
function importProblem(path: string, { target, typeOnly }: Import): string | undefined {
  if (test.test(path)) return undefined
  const judged = ruleFor(path)
  const inside = resolveInside(path, target)
  if (!judged) return inside && `${path.split('/').slice(0, 2).join('/')} has no entry in server/setup/import-rules.ts`
  const { folder, rule } = judged
  if (inside === undefined) {
    if (target.startsWith('node:') || !rule.packages) return undefined
    const allowed = rule.packages.length ? `${rule.packages.join(', ')} alone` : 'no package'
    return rule.packages.includes(target) ? undefined : `${folder} imports ${allowed}, not ${target}`
  }
  const allowed = [folder, ...rule.may, ...(typeOnly ? (rule.mayTypes ?? []) : [])]
  if (allowed.some((entry) => entry === '*' || startsWith(inside, entry))) return undefined
  return `${folder} may not import ${inside}; it may import ${rule.may.join(', ') || 'nothing outside itself'}`
}

type TextRule = { pattern: RegExp; message: string; applies: (path: string) => boolean }

const outsideOf =
  (...folders: string[]) =>
  (path: string) =>
    !test.test(path) && !folders.some((folder) => startsWith(path, folder))

const scripts = ['server/setup', 'server/testing', 'lab', 'bench', 'e2e', 'prisma/schema-engine.mjs']

const textRules: TextRule[] = [
  {
    pattern: /\bprocess\.env\b/g,
    message: 'process.env is read in server/env.ts alone (and by setup scripts)',
    applies: outsideOf('server/env.ts', ...scripts),
  },
  {
    pattern: /\bTRPCError\b/g,
    message: 'TRPCError is made in server/api/trpc.ts alone; throw a SkerryError',
    applies: outsideOf('server/api/trpc.ts', 'server/setup'),
  },
  {
    pattern:
      /\bfast-xml-parser\b|<\/?(domain|domainsnapshot|domainbackup|domaincheckpoint|capabilities|disk|network|pool|volume)[\s>/]/g,
    message: 'XML is read and written in server/hypervisor/libvirt/xml alone',
    applies: (path) => path.endsWith('.ts') && outsideOf('server/hypervisor/libvirt/xml', ...scripts)(path),
  },
]

const longFileLines = 300

/**
 * Checks one source file against the direction of imports and what belongs in one place.
 * @param path relative to the repository, with slashes
 */
export function checkFile(path: string, text: string): Finding[] {
  const code = withoutComments(text)
  const lineAt = (index: number) => code.slice(0, index).split('\n').length
  const error = (index: number, rule: string): Finding => ({ path, line: lineAt(index), rule, severity: 'error' })
  const findings = importsOf(code).flatMap((found) => {
    const problem = importProblem(path, found)
    return problem ? [error(found.index, problem)] : []
  })
  for (const { pattern, message, applies } of textRules) {
    if (applies(path)) for (const { index } of code.matchAll(pattern)) findings.push(error(index, message))
  }
  const lineCount = text.trimEnd().split('\n').length
  if (lineCount > longFileLines) {
    findings.push({
      path,
      line: lineCount,
      rule: `${lineCount} lines: has it one reason to exist?`,
      severity: 'warning',
    })
  }
  return findings.sort((a, b) => a.line - b.line)
}
