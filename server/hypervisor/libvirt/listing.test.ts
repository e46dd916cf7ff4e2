import { expect, test } from 'vitest'
import { errorCode, LibvirtError } from '../../libvirt/error.ts'
import { explain } from './errors.ts'
import { listed } from './listing.ts'

const refused = (code: number) =>
  explain(
    new LibvirtError({ code, domain: 10, message: 'name in virGetDomainCheckpoint must not be NULL', level: 2 }),
    {
      ...{ label: 'a host', step: 'list checkpoints', change: false },
    },
  )

test('what is refused while one of it is being made is asked for again; anything else is not', async () => {
  let asked = 0
  const list = async () => {
    if (++asked < 4) throw refused(errorCode.invalidArgument)
    return ['mark']
  }
  expect(await listed(list)).toEqual(['mark'])
  expect(asked).toBe(4)
  let others = 0
  const fails = async () => {
    others++
    throw refused(errorCode.noDomain)
  }
  await expect(listed(fails)).rejects.toThrow(/not there/)
  expect(others).toBe(1)
})
