import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { TransportError, type TransportFailure } from '../error.ts'
import { awaitSocket, type OpenOptions, type Transport } from './socket.ts'
import { Tunnel } from './tunnel.ts'

export interface SshTarget {
  host: string
  port?: number | undefined
  user?: string | undefined
  /** Files for ssh; without them it uses those of the account we run as. */
  identityFile?: string | undefined
  knownHostsFile?: string | undefined
  /** The socket over there: the daemon's unless said otherwise. */
  socketPath?: string | undefined
}

/** What the other side says of a port that it shall lead here comes among what ssh tells of its own work. */
const failureByRemark: readonly (readonly [RegExp, TransportFailure])[] = [
  [/Remote: (Server has disabled port forwarding|port forwarding refused)/, 'forwarding-forbidden'],
  [/remote port forwarding failed/, 'port-taken'],
]
const failureByText: readonly (readonly [RegExp, TransportFailure])[] = [
  [/host key verification failed|remote host identification has changed|no .*host key is known/i, 'host-key'],
  [/permission denied|too many authentication failures|no such identity|invalid format/i, 'ssh-authentication'],
  [/open failed/i, 'socket-missing'],
]

function explain(address: string, said: string): TransportError {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('Warning:') && !line.startsWith('@@') && !line.startsWith('debug'))
  const told = lines.join('\n')
  const reason =
    failureByRemark.find(([pattern]) => pattern.test(said))?.[1] ??
    failureByText.find(([pattern]) => pattern.test(told))?.[1] ??
    'unreachable'
  return new TransportError(reason, `${address}: ${lines.at(-1) ?? 'ssh ended without a word'}`)
}

/** ssh reads a name that begins with a dash as an option, and options can run programs. */
function checkNames({ host, user }: SshTarget) {
  if (/^-|[\s@]/.test(host) || host === '') throw new TransportError('invalid-address', `'${host}' is no host name`)
  if (user !== undefined && !/^[\w.][\w.@\\-]*$/.test(user)) {
    throw new TransportError('invalid-address', `'${user}' is no user name`)
  }
}

/** ssh takes a colon for the end of a path, and % for the beginning of a word to replace; a VM's folder may have both. */
const asSshReads = (path: string) => path.replace(/[\\:]/g, '\\$&').replaceAll('%', '%%')

/** @param forwarding what it shall lead where */
function sshCommand(target: SshTarget, forwarding: readonly string[]): string[] {
  const { host, port, user, identityFile, knownHostsFile } = target
  const options = [
    'BatchMode=yes',
    'ExitOnForwardFailure=yes',
    'StreamLocalBindMask=0177',
    'ConnectTimeout=15',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=3',
    'ControlMaster=no',
    'ControlPath=none',
    'ForwardAgent=no',
    'ForwardX11=no',
    ...(identityFile ? ['IdentitiesOnly=yes'] : []),
    ...(knownHostsFile ? [`UserKnownHostsFile="${knownHostsFile}"`, 'GlobalKnownHostsFile=/dev/null'] : []),
    'StrictHostKeyChecking=yes',
  ]
  return [
    'ssh',
    '-N',
    '-T',
    ...forwarding,
    ...options.flatMap((option) => ['-o', option]),
    ...(identityFile ? ['-i', identityFile] : []),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    '--',
    host,
  ]
}

const addressOf = ({ host, port, user }: SshTarget) =>
  `ssh://${user ? `${user}@` : ''}${host}${port === undefined ? '' : `:${port}`}`

const daemonSocket = '/run/libvirt/libvirt-sock'
/** Of a stream that ended, ssh has said why within so long, if it says anything. */
const sayingMs = 500
const sayingPollMs = 10

/** An ssh process that leads to a socket on another machine, until it is stopped. Rejects with TransportError. */
export function openTunnel(target: SshTarget, options: OpenOptions): Promise<Tunnel> {
  const there = asSshReads(target.socketPath ?? daemonSocket)
  return open(target, options, (localPath) => ['-L', `${asSshReads(localPath)}:${there}`])
}

/**
 * An ssh process that has a port of another machine's loopback lead to a socket on this one, until it is stopped. Rejects
 * with TransportError.
 */
export function openPort(
  target: SshTarget,
  { port, socketPath }: { port: number; socketPath: string },
  options: OpenOptions,
): Promise<Tunnel> {
  // Only so it tells that the port is there, and why it is not.
  const forwarding = ['-v', '-R', `127.0.0.1:${port}:${asSshReads(socketPath)}`]
  return open(
    target,
    options,
    () => forwarding,
    ({ said }) => said.includes('remote forward success'),
  )
}

async function open(
  target: SshTarget,
  { timeoutMs, signal }: OpenOptions,
  forwarding: (localPath: string) => readonly string[],
  isReady?: (tunnel: Tunnel) => boolean,
): Promise<Tunnel> {
  checkNames(target)
  const address = addressOf(target)
  const tunnel = await Tunnel.start((localPath) => sshCommand(target, forwarding(localPath)))
  const outcome = await tunnel.whenReady(timeoutMs, signal, isReady && (() => isReady(tunnel)))
  if (outcome === 'ready') return tunnel
  await tunnel.stop()
  if (outcome === 'timeout') throw new TransportError('timeout', `${address}: no connection in ${timeoutMs} ms`)
  if (outcome === 'aborted') {
    throw new TransportError('aborted', `${address}: connecting was given up`, signal?.reason)
  }
  if (tunnel.exitCode === 127) throw new TransportError('ssh-missing', `${address}: there is no ssh program here`)
  throw explain(address, tunnel.said)
}

/**
 * What stands in the way of connections through a tunnel, when ssh says so or has ended. Its words come by another way
 * than the end of a connection, which may overtake them: they are waited for.
 */
export async function troubleOf(target: SshTarget, tunnel: Tunnel): Promise<TransportError | undefined> {
  const isTold = () => tunnel.hasEnded || failureByText.some(([pattern]) => pattern.test(tunnel.said))
  for (const deadline = performance.now() + sayingMs; !isTold(); await delay(sayingPollMs)) {
    if (performance.now() > deadline) return undefined
  }
  return explain(addressOf(target), tunnel.said)
}

/** A daemon's socket on another machine, through one ssh process that all its connections share. */
export function sshTransport(target: SshTarget): Transport {
  const address = addressOf(target)
  let opening: Promise<Tunnel> | undefined
  let latest: Tunnel | undefined

  /** Who asks while another one opens it gets what comes of that. */
  async function running(timeoutMs: number): Promise<Tunnel> {
    if (!opening && latest && !latest.hasEnded) return latest
    opening ??= openTunnel(target, { timeoutMs }).finally(() => {
      opening = undefined
    })
    latest = await opening
    return latest
  }

  return {
    address,
    async open(options) {
      const tunnel = await giveUpOn(running(options.timeoutMs), address, options.signal)
      const socket = net.connect({ path: tunnel.socketPath })
      return awaitSocket(socket, address, options, (succeed) => socket.once('connect', succeed))
    },
    lastTrouble: async () => latest && troubleOf(target, latest),
    async close() {
      const opened = await opening?.catch(() => undefined)
      await (opened ?? latest)?.stop()
    },
  }
}

/** Stops waiting for `work`, which others may share, when the signal fires. */
async function giveUpOn<T>(work: Promise<T>, address: string, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const onAbort = () =>
    aborted.reject(new TransportError('aborted', `${address}: connecting was given up`, signal.reason))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
