import { expect, test } from 'vitest'
import { troubleOf } from './ssh.ts'
import { Tunnel } from './tunnel.ts'

const target = { host: 'oslo-1' }

test('what ssh says shortly after a connection has ended is its reason', async () => {
  const refusal = 'channel 2: open failed: connect failed: open failed'
  const tunnel = await Tunnel.start(() => ['sh', '-c', `sleep 0.2; echo '${refusal}' >&2; exec sleep 60`])
  try {
    expect(await troubleOf(target, tunnel)).toMatchObject({
      reason: 'socket-missing',
      message: `ssh://oslo-1: ${refusal}`,
    })
  } finally {
    await tunnel.stop()
  }
})

test('of a tunnel that stands and says nothing there is nothing to tell', async () => {
  const tunnel = await Tunnel.start(() => ['sleep', '60'])
  try {
    expect(await troubleOf(target, tunnel)).toBeUndefined()
  } finally {
    await tunnel.stop()
  }
})
