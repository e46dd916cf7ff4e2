import { z } from 'zod'
import { asPng } from '#server/core/picture.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { screenshotBytes, serialTailLength } from '#server/schema/boot-test.ts'
import type { SerialLog } from '../serial-log.ts'

/** What a guest showed; all of it is the guest's own, and bounded. */
export interface Evidence {
  serialTail: string | null
  screenshot: Uint8Array<ArrayBuffer> | null
  guestName: string | null
  guestSystem: string | null
}

const nameLength = 120
const askMs = 8_000

/** A picture, what it said, and who it says it is; nothing of it is needed. */
export async function gatherEvidence(
  host: HypervisorHost,
  vm: string,
  serial: SerialLog | null,
  agentAnswers: boolean,
): Promise<Evidence> {
  const picture = await host.screenshot(vm, { timeoutMs: askMs }).catch(() => null)
  const png = picture && asPng(picture, screenshotBytes)
  const tail = serial?.tail(serialTailLength).trim() || null
  const asked = agentAnswers ? await askWho(host, vm) : { guestName: null, guestSystem: null }
  return { ...asked, serialTail: tail, screenshot: png && Uint8Array.from(png) }
}

const Name = z.object({ 'host-name': z.string() })
const System = z.object({
  'pretty-name': z.string().optional(),
  name: z.string().optional(),
  id: z.string().optional(),
})

async function askWho(host: HypervisorHost, vm: string): Promise<Pick<Evidence, 'guestName' | 'guestSystem'>> {
  const ask = (execute: string) => host.agentCommand(vm, { execute }, { timeoutMs: askMs }).catch(() => null)
  const name = Name.safeParse(await ask('guest-get-host-name')).data?.['host-name']
  const system = System.safeParse(await ask('guest-get-osinfo')).data
  return { guestName: oneLine(name), guestSystem: oneLine(system?.['pretty-name'] ?? system?.name ?? system?.id) }
}

const oneLine = (text: string | undefined): string | null =>
  text
    ?.replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .trim()
    .slice(0, nameLength) || null
