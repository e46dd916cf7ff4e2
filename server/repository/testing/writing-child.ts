// A worker that makes backups until it is killed: argv: folder, seed, first point. Says each commit on stdout.

import { chunkBytes } from '../layout.ts'
import { seededRandom } from './random.ts'
import { backUp, changeImage, pointId, randomImage, scratchRepository } from './scratch.ts'

const [folder = '', seed = '1', first = '1'] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const image = randomImage(random, 20 * chunkBytes)
const repository = await scratchRepository(folder, { cache: `cache-${process.pid}`, packBytes: 128 * 1024 })
process.stdout.write('open\n')
for (let number = Number(first); ; number++) {
  const indexes = number === Number(first) ? undefined : changeImage(random, image, 5)
  await backUp(repository, pointId(number), image, { ...(indexes && { indexes, parentId: pointId(number - 1) }) })
  process.stdout.write(`${number}\n`)
  if (number % 3 === 0 && number > Number(first) + 2) {
    await repository.remove(pointId(number - 2))
    await repository.collect({ deadShare: 0.1 })
  }
}
