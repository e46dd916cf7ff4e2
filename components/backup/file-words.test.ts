import { expect, test } from 'vitest'
import { modeText, visibleName } from './file-words.ts'

test('nothing in a name is invisible, or turns what is read', () => {
  expect(visibleName('line\nbreak\u{7f}')).toBe('line^Jbreak^?')
  expect(visibleName('invoice\u{202e}fdp.exe')).toBe('invoice\u{fffd}fdp.exe')
  expect(visibleName('Grüße 日本語 🚀')).toBe('Grüße 日本語 🚀')
})

test.each([
  [0o755, 'rwxr-xr-x'],
  [0o640, 'rw-r-----'],
  [0o4755, 'rwsr-xr-x'],
  [0o1777, 'rwxrwxrwt'],
  [0o2644, 'rw-r-Sr--'],
  [0, '---------'],
  [null, ''],
])('%o is %s', (mode, text) => expect(modeText(mode)).toBe(text))
