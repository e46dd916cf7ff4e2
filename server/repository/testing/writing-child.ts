// A worker that waits for its order, a line of stdin: folder, seed, first point; then makes backups until it is killed.
// Says each commit on stdout.

import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { chunkBytes } from '../layout.ts'
import { seededRandom } from './random.ts'
import { backUp, changeImage, pointId, randomImage, scratchRepository } from './scratch.ts'

const order = await once(createInterface(process.stdin), 'line')
const [folder = '', seed = '1', first = '1'] = String(order[0]).split(' ')
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
