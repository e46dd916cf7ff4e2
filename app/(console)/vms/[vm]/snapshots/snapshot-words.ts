import type { Snapshot } from './use-snapshots.ts'

/** What going back to it gives, in a few words. */
export function snapshotKind({ withMemory, quiesced, state }: Pick<Snapshot, 'withMemory' | 'quiesced' | 'state'>) {
  if (withMemory)
    return { word: 'With memory', meaning: 'Going back leads to that very moment, with all programs running.' }
  if (quiesced) {
    return {
      word: 'Disks, files whole',
      meaning:
        'The guest agent froze the file systems for the instant, so files are whole. The VM starts anew from it.',
    }
  }
  return state === 'off'
    ? { word: 'Disks', meaning: 'Disks alone: the VM starts anew from them.' }
    : { word: 'Disks, as after a power cut', meaning: 'Disks alone, as if the power had failed at that moment.' }
}
