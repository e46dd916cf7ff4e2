import { expect, test } from 'vitest'
import { ratioText, spaceOf } from './space.ts'

const share = {
  ...{ id: 'a', datastoreId: 'd', tenantId: 't', tenantName: 'T', recoveryPoints: 2, measuredAt: new Date() },
  ...{ restorableBytes: 1000, contentBytes: 800, storedBytes: 150, deadBytes: 50, dedupRatio: 4, compressionRatio: 2 },
}

test('ratios of all tenants are weighed by their content', () => {
  const other = {
    ...share,
    contentBytes: 200,
    restorableBytes: 200,
    storedBytes: 200,
    dedupRatio: 1,
    compressionRatio: 1,
  }
  expect(spaceOf([share, other])).toEqual({
    ...{ restorableBytes: 1200, contentBytes: 1000, differentBytes: 400, storedBytes: 350, deadBytes: 100 },
    ...{ dedupRatio: 2.5, compressionRatio: 400 / 300 },
  })
})

test('nothing is known before the first measure, and an empty one divides by nothing', () => {
  expect(spaceOf([])).toBeNull()
  expect(spaceOf([{ ...share, contentBytes: 0, dedupRatio: 1 }])).toMatchObject({ dedupRatio: 1, compressionRatio: 1 })
  expect([ratioText(1), ratioText(2.25), ratioText(33.4)]).toEqual(['1.0 : 1', '2.3 : 1', '33 : 1'])
})
