import { SkerryError, unavailable } from '../../errors.ts'
import { CallInterrupted, errorCode, LibvirtError, TransportError, type TransportFailure } from '../../libvirt/error.ts'

type Explanation = { why: string; wayOut: string }

/** What the operating system's or OpenSSL's code says, where it says more than the kind of failure. */
const byCode: Record<string, Explanation> = {
  ECONNREFUSED: {
    why: 'nothing listens there',
    wayOut: 'Start libvirt on the host (for TLS: virtproxyd-tls.socket, or libvirtd with --listen) and check the port.',
  },
  ENOTFOUND: { why: 'this name is not known', wayOut: 'Check the spelling, or use the address instead of the name.' },
  EAI_AGAIN: {
    why: 'the name could not be looked up just now',
    wayOut: "Check the worker's name servers, or use the address instead of the name.",
  },
  EHOSTUNREACH: { why: 'no way leads to it', wayOut: 'Check that the host is on and the network between is up.' },
  ENETUNREACH: { why: 'no way leads to its network', wayOut: "Check the worker's routes." },
  ECONNRESET: {
    why: 'the connection was cut at once',
    wayOut: 'Look for a firewall in between, and into the log of libvirt on the host.',
  },
  ETIMEDOUT: { why: 'it does not answer', wayOut: 'Check that the host is on and no firewall drops the port.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: 'its certificate is for another name',
    wayOut: 'Use the name or address that the certificate carries, or give the host a certificate for this one.',
  },
  CERT_HAS_EXPIRED: { why: 'its certificate has expired', wayOut: 'Give the host a new certificate.' },
  CERT_NOT_YET_VALID: { why: 'its certificate is not valid yet', wayOut: 'Set the clocks of both machines.' },
}

const byReason: Record<TransportFailure, Explanation> = {
  'invalid-address': { why: 'the address can not be used', wayOut: 'Write it like qemu+tls://host/system.' },
  unreachable: { why: 'it can not be reached', wayOut: 'Check that the host is on and the network between is up.' },
  timeout: {
    why: 'it does not answer',
    wayOut: 'Check that the host is on, no firewall drops the port, and libvirt there is not stuck.',
  },
  aborted: { why: 'connecting was given up', wayOut: 'Try again.' },
  'socket-missing': {
    why: 'libvirt has no socket there',
    wayOut: 'Start libvirtd (or virtqemud and virtproxyd) on the host, or name the socket with ?socket=PATH.',
  },
  'socket-forbidden': {
    why: "the worker's account may not use libvirt's socket",
    wayOut: 'Put the account into the group libvirt on that machine and restart the worker.',
  },
  'server-certificate': {
    why: 'its certificate is not signed by the authority given for it',
    wayOut: "Give the certificate of the authority that signed the host's certificate.",
  },
  'client-certificate': {
    why: 'it refuses our certificate',
    wayOut:
      "Use a client certificate signed by the host's authority, and list it in tls_allowed_dn_list if there is one.",
  },
  'forwarding-forbidden': {
    why: 'its sshd forbids forwarding, by which it would read from here',
    wayOut:
      'Set AllowTcpForwarding to yes in its sshd_config, without DisableForwarding and with the port in PermitListen where that is set, put neither restrict nor no-port-forwarding before the key in authorized_keys, and reload sshd.',
  },
  'port-taken': {
    why: 'the port is taken there by which it would read from here',
    wayOut:
      'Wait a moment: it may be one of a connection that was lost, which ClientAliveInterval 15 in its sshd_config has sshd notice soon. Or end the program that listens there.',
  },
  'host-key': {
    why: 'its ssh host key is not known, or not the one we know',
    wayOut: 'Compare the key with the host, then give it as known hosts (ssh-keyscan prints it).',
  },
  'ssh-authentication': {
    why: 'it refuses our ssh key',
    wayOut: 'Put the public key into authorized_keys of the user there, and use a key without a passphrase.',
  },
  'ssh-missing': { why: 'the worker has no ssh program', wayOut: 'Install openssh-client where the worker runs.' },
  authentication: {
    why: 'libvirt asks for a sign-in that we can not give',
    wayOut: 'Set auth_tls or auth_unix_rw to "none" in libvirtd.conf, or let polkit allow the account.',
  },
  closed: {
    why: 'libvirt closed the connection',
    wayOut: 'Look into its log on the host; max_clients in libvirtd.conf may be reached.',
  },
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && at.code in byCode) return at.code
  }
  return ''
}

/**
 * Says why no connection to a host came about or why it ended, and what to do. `label` names the host; where it was
 * looked for and what was said there is the detail.
 */
export function explainConnection(error: unknown, label: string): SkerryError {
  if (error instanceof SkerryError) return error
  const detail = error instanceof Error ? error.message : String(error)
  const told = (message: string, wayOut: string) => unavailable(message, { wayOut, detail, cause: error })
  if (error instanceof TransportError) {
    const { why, wayOut } = byCode[codeOf(error)] ?? byReason[error.reason]
    return told(`No connection to ${label}: ${why}.`, wayOut)
  }
  if (error instanceof LibvirtError) {
    const absent = error.code === errorCode.noSupport || error.code === errorCode.configUnsupported
    return told(
      `No connection to ${label}: libvirt there ${absent ? 'has no QEMU driver' : 'can not open its hypervisor'}.`,
      'Install the QEMU driver of libvirt on the host, and look into its log.',
    )
  }
  if (error instanceof CallInterrupted) {
    return told(
      `The connection to ${label} was lost.`,
      'It is tried again by itself. Check that the host is on and libvirt runs there.',
    )
  }
  return told(`No connection to ${label}.`, 'Check the address.')
}
