import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { qrCode } from './qr-code.ts'
import { corrected } from './qr-codewords.ts'

const drawn = (text: string) => qrCode(text).map((row) => row.map((isDark) => (isDark ? '#' : '.')).join(''))

test('the correction of the textbook’s HELLO WORLD at 1-M', () => {
  const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
  expect(corrected(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
})

test('a short text is drawn as another encoder draws it', () => {
  expect(drawn('Skerry')).toEqual([
    '#######..##...#######',
    '#.....#..###..#.....#',
    '#.###.#.#.#...#.###.#',
    '#.###.#.###.#.#.###.#',
    '#.###.#.#..##.#.###.#',
    '#.....#.###.#.#.....#',
    '#######.#.#.#.#######',
    '........##.##........',
    '#.#####.....#.#####..',
    '..#.##.####.#..#....#',
    '#..#..#.####.#..##.#.',
    '######.##......######',
    '#.#.#.#.#.##.#..#....',
    '........#.######.###.',
    '#######..#..#.##.###.',
    '#.....#.#..####..##.#',
    '#.###.#.#.#.#..###.#.',
    '#.###.#.##..#...#.#..',
    '#.###.#.##.#.#.......',
    '#.....#...#....####..',
    '#######.####.#.#.#.#.',
  ])
})

const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW'
const authenticator = `otpauth://totp/Skerry:olav%40lab.test?secret=${secret}&issuer=Skerry&digits=6&period=30`

// Digests of what another encoder draws: with the version’s bits, blocks of two lengths, and a length of 16 bits.
test.each([
  ['an authenticator’s address', authenticator, 49, '7096d70fbc198affa4c9ed9092baabc65571468148a954d4bd88809ba35fc33b'],
  ['letters of two bytes', 'å'.repeat(100), 57, '64d85228ac5fadb055ac761a9a809e37abb324b0b14edbd2b19a1d827247f078'],
  ['the longest text', 'x'.repeat(666), 97, '444723e60be059247a82da701388ba25443dcef5b36cfe0cca9d51b8da23b3b8'],
])('%s is drawn as another encoder draws it', (_, text, size, digest) => {
  const rows = drawn(text)
  expect(rows.length).toBe(size)
  expect(createHash('sha256').update(rows.join('\n')).digest('hex')).toBe(digest)
})

test('a text that does not fit is refused', () => {
  expect(() => qrCode('x'.repeat(667))).toThrow(RangeError)
})
