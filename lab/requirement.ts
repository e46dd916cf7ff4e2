import { access } from 'node:fs/promises'
import { CommandError, run } from './command.ts'
import { labPackages } from './packages.mjs'

/** Why this machine can't run the lab, as a sentence, or undefined when it can. */
export async function missingRequirement(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `The lab runs on Linux on x86-64 only; this is ${process.platform} on ${process.arch}.`
  }
  if (process.getuid?.() !== 0) {
    return 'The lab needs root, to make network namespaces and start libvirt daemons: run this as root or through sudo.'
  }
  const lacking: string[] = []
  for (const { name, binary } of labPackages) {
    const found = await access(binary).then(
      () => true,
      () => false,
    )
    if (!found) lacking.push(name)
  }
  if (lacking.length > 0) {
    return `These packages are missing: apt-get install --no-install-recommends ${lacking.join(' ')}`
  }
  const tun = await access('/dev/net/tun').then(
    () => true,
    () => false,
  )
  if (!tun)
    return 'This machine has no /dev/net/tun, so guests would have no network: load the module tun, or give the container that device.'
  return namespaceProblem()
}

/** Does in one throw-away namespace everything a host and its network need of the kernel. */
async function namespaceProblem(): Promise<string | undefined> {
  const trial = [
    'set -e',
    'mount --make-rprivate /',
    'mount -t proc proc /proc',
    'mount -t sysfs sysfs /sys',
    'mount -t tmpfs tmpfs /run',
    'ip link add br0 type bridge',
    'ip link add v0 type veth peer name v1',
    'ip link set v0 master br0 up',
    'ip tuntap add t0 mode tap',
    'nft add table bridge lab',
  ].join('\n')
  const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child']
  try {
    await run('unshare', [...namespaces, 'sh', '-c', trial], { timeoutMs: 20_000 })
    return undefined
  } catch (error) {
    const detail = error instanceof CommandError ? error.stderr.trim().split('\n').at(-1) : String(error)
    return `This machine does not let the lab make namespaces, bridges or mounts (is it a container without privileges?): ${detail}`
  }
}
