/** The file that a VM's disk is, and the copy of it that is being made. */
export interface DiskCopyReading {
  /** As the definition has it while the VM is off. Null when it is no file, or there is no such disk */
  path: string | null
  copy: {
    path: string
    /** It holds all that the disk does, and whatever is written since: the VM can go over to it. */
    isReady: boolean
    doneBytes: number
    totalBytes: number
  } | null
}
