// Part of `npm run lint`: prints each line that breaks the direction of imports, and fails when there is one.
import { globSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { checkFile } from './import-rules.ts'
import { inRoot, root } from './place.mjs'

const paths = globSync('{app,components,server,prisma,lab,e2e,bench}/**/*.{ts,tsx,mjs}', { cwd: root })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => !path.startsWith('prisma/generated/'))
  .sort()
const findings = paths.flatMap((path) => checkFile(path, readFileSync(inRoot(path), 'utf8')))
for (const { path, line, rule, severity } of findings) {
  console.log(`${path}:${line}  ${severity === 'warning' ? 'warning: ' : ''}${rule}`)
}
const errors = findings.filter(({ severity }) => severity === 'error').length
console.log(`Import rules: ${paths.length} files, ${errors} broken, ${findings.length - errors} warnings`)
process.exitCode = errors ? 1 : 0
