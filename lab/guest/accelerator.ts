import { spawn } from 'node:child_process'
import { access, constants, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GuestImage } from './image.ts'

const PROBE_TIMEOUT_MS = 6_000

/**
 * `kvm` when a real guest boots with it on this machine, else `qemu` (software emulation): a device file alone proves nothing.
 * The answer is kept in `cacheDir` until the machine restarts.
 */
export async function probeAccelerator(image: GuestImage, cacheDir: string): Promise<'kvm' | 'qemu'> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const path = join(cacheDir, 'accelerator')
  const [kept, keptBootId] = (await readFile(path, 'utf8').catch(() => '')).split(' ')
  if (keptBootId === bootId && (kept === 'kvm' || kept === 'qemu')) return kept
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => bootsWithKvm(image),
    () => false,
  )
  const found = usable ? 'kvm' : 'qemu'
  await writeFile(path, `${found} ${bootId}`)
  return found
}

/** Boots the guest's kernel with KVM and waits for its first words. */
function bootsWithKvm(image: GuestImage): Promise<boolean> {
  const kernel = ['-kernel', image.kernelPath, '-initrd', image.initrdPath, '-append', 'console=ttyS0 quiet panic=1']
  const machine = ['-accel', 'kvm', '-cpu', 'host', '-m', '128', '-nodefaults', '-display', 'none', '-no-reboot']
  return new Promise((resolve) => {
    const child = spawn('qemu-system-x86_64', [...machine, ...kernel, '-serial', 'stdio'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: PROBE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (!text.includes('BOOT host=')) return
      resolve(true)
      child.kill('SIGKILL')
    })
    child.on('error', () => resolve(false))
    child.on('close', () => resolve(false))
  })
}
