import type { EditVmInput } from '#server/schema/vm-action.ts'
import { VmName } from '#server/schema/vm-action.ts'
import type { Vm } from '../use-vm.ts'

/** The form as it stands. Sizes in bytes; added things have keys of their own until they exist. */
export interface EditDraft {
  name: string
  vcpuCount: number
  memoryBytes: number
  autostart: boolean
  disks: { target: string; wasBytes: number; sizeBytes: number; canResize: boolean; isRemoved: boolean }[]
  addedDisks: { key: number; sizeBytes: number }[]
  cards: { mac: string; was: string | null; network: string | null; isRemoved: boolean }[]
  addedCards: { key: number; network: string }[]
}

export const draftOf = (vm: Vm): EditDraft => ({
  name: vm.name,
  vcpuCount: vm.vcpuCount,
  memoryBytes: Number(vm.memoryBytes),
  autostart: vm.autostart,
  disks: vm.disks.map((disk) => ({
    target: disk.target,
    wasBytes: Number(disk.capacityBytes),
    sizeBytes: Number(disk.capacityBytes),
    canResize: disk.device === 'disk' && !disk.readOnly,
    isRemoved: false,
  })),
  addedDisks: [],
  cards: vm.interfaces.map(({ mac, networkName }) => ({
    mac,
    was: networkName,
    network: networkName,
    isRemoved: false,
  })),
  addedCards: [],
})

/** Only what is different from what the VM has; null when nothing is. */
export function changesOf(draft: EditDraft, vm: Vm): EditVmInput | null {
  const some = <T>(items: T[]) => (items.length > 0 ? items : undefined)
  const differs = <T>(now: T, before: T) => (now === before ? undefined : now)
  const edit = {
    name: differs(draft.name, vm.name),
    vcpuCount: differs(draft.vcpuCount, vm.vcpuCount),
    memoryBytes: differs(draft.memoryBytes, Number(vm.memoryBytes)),
    autostart: differs(draft.autostart, vm.autostart),
    addDisks: some(draft.addedDisks.map(({ sizeBytes }) => ({ sizeBytes }))),
    resizeDisks: some(
      draft.disks
        .filter((disk) => !disk.isRemoved && disk.sizeBytes !== disk.wasBytes)
        .map(({ target, sizeBytes }) => ({ target, sizeBytes })),
    ),
    removeDisks: some(draft.disks.filter((disk) => disk.isRemoved).map(({ target }) => target)),
    addInterfaces: some(draft.addedCards.map(({ network }) => ({ network }))),
    changeInterfaces: some(
      draft.cards.flatMap(({ mac, was, network, isRemoved }) =>
        !isRemoved && network !== null && network !== was ? [{ mac, network }] : [],
      ),
    ),
    removeInterfaces: some(draft.cards.filter((card) => card.isRemoved).map(({ mac }) => mac)),
  }
  const given = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)) as EditVmInput
  return Object.keys(given).length > 0 ? given : null
}

/** What is wrong with the form, or undefined. */
export function problemOf(draft: EditDraft): string | undefined {
  const name = VmName.safeParse(draft.name).error?.issues[0]?.message
  if (name) return name
  if (!(draft.vcpuCount >= 1)) return 'It needs a vCPU.'
  if (!(draft.memoryBytes >= 16 * 2 ** 20)) return 'It needs 16 MiB of memory at least.'
  if (draft.disks.some((disk) => !disk.isRemoved && disk.sizeBytes < disk.wasBytes)) return 'A disk can only grow.'
  if (draft.addedDisks.some((disk) => disk.sizeBytes < 2 ** 20)) return 'A new disk needs a size.'
  if (draft.addedCards.some((card) => card.network === '')) return 'A new network card needs a network.'
  return undefined
}
