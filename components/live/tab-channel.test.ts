import { afterEach, expect, test, vi } from 'vitest'
import type { LiveStatus } from './live-status.ts'
import { TabChannel } from './tab-channel.ts'

const opened: TabChannel[] = []
afterEach(() => {
  for (const channel of opened.splice(0)) channel.close()
  vi.unstubAllGlobals()
})

/** A tab, and what it heard of the others. */
function openTab() {
  const heard = { statuses: [] as LiveStatus[], batches: [] as string[], leads: false, opened: 0 }
  const channel = new TabChannel({
    onBatch: (batch) => heard.batches.push(batch),
    onStatus: (status) => heard.statuses.push(status),
    onLead: () => {
      heard.leads = true
    },
    onOpened: () => heard.opened++,
  })
  opened.push(channel)
  return { channel, heard }
}

const leads = ({ heard }: ReturnType<typeof openTab>) => expect.poll(() => heard.leads).toBe(true)

/** A tab that leads, and one that follows and has heard from it how the stream is. */
async function openTwo(status: LiveStatus) {
  const [first, second] = [openTab(), openTab()]
  await leads(first)
  first.channel.tellStatus(status)
  await expect.poll(() => second.heard.statuses).toContain(status)
  return { first, second }
}

test('one tab reads for all; one that is opened later is told at once how the stream is', async () => {
  const first = openTab()
  await leads(first)
  first.channel.tellStatus('live')
  const second = openTab()
  await expect.poll(() => second.heard.statuses).toEqual(['live'])
  first.channel.tellBatch('news')
  await expect.poll(() => second.heard.batches).toEqual(['news'])
  expect(second.heard.leads).toBe(false)
})

test('a tab that takes over while the line is lost knows that it is', async () => {
  const { first, second } = await openTwo('lost')
  first.channel.close()
  await leads(second)
  expect(second.channel.status).toBe('lost')
})

test('one that only follows does not answer for the stream', async () => {
  await openTwo('live')
  const third = openTab()
  await expect.poll(() => third.heard.statuses).toContain('live')
  await new Promise((later) => setTimeout(later, 100))
  expect(third.heard.statuses).toEqual(['live'])
})

test('without locks each reads for itself, and hears nothing of how others are', async () => {
  vi.stubGlobal('navigator', {})
  const first = openTab()
  first.channel.tellStatus('lost')
  const second = openTab()
  expect([first.heard.leads, second.heard.leads]).toEqual([true, true])
  await expect.poll(() => first.heard.opened).toBe(1)
  await new Promise((later) => setTimeout(later, 100))
  expect(second.heard.statuses).toEqual([])
})
