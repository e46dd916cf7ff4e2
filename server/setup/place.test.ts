import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { inRoot } from './place.mjs'

const pathWith = (path: string) =>
  execFileSync(
    process.execPath,
    ['-e', `import(${JSON.stringify(inRoot('server/setup/place.mjs'))}).then(() => console.log(process.env.PATH))`],
    {
      env: { ...process.env, PATH: path },
      encoding: 'utf8',
    },
  ).trim()

test('what is root’s is found by the PATH of a user as well, after all that is theirs', () => {
  expect(pathWith('/usr/local/bin:/usr/bin')).toBe('/usr/local/bin:/usr/bin:/usr/sbin:/sbin')
  expect(pathWith('/usr/sbin:/usr/bin:/sbin')).toBe('/usr/sbin:/usr/bin:/sbin')
})
