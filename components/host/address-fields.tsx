'use client'

import { NumberField } from '#components/ui/number-field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { Credential } from '#server/schema/host-action.ts'
import { type HostAddressParts, type TransportKind, transports } from './host-uri.ts'

/** An address with what proves who we are, as it is being typed. */
export interface AddressDraft extends HostAddressParts {
  tls: { authority: string; certificate: string; key: string }
  ssh: { key: string; knownHosts: string }
}

export const noAddress: HostAddressParts = {
  transport: 'tls',
  address: '',
  user: 'root',
  port: Number.NaN,
  socketPath: '',
  serverName: '',
}

export const emptyAddress: AddressDraft = {
  ...noAddress,
  tls: { authority: '', certificate: '', key: '' },
  ssh: { key: '', knownHosts: '' },
}

const isFilled = (texts: Record<string, string>) => Object.values(texts).every((text) => text.trim() !== '')

/** What is sent along; none for this machine's own socket. */
export function credentialOf({ transport, tls, ssh }: AddressDraft): Credential | null {
  if (transport === 'tls') return isFilled(tls) ? { tls } : null
  // A key file without its last line end is no key to OpenSSH.
  const withEnd = (text: string) => `${text.trim()}\n`
  if (transport === 'ssh' && isFilled(ssh))
    return { ssh: { key: withEnd(ssh.key), knownHosts: withEnd(ssh.knownHosts) } }
  return null
}

export const isAddressComplete = (draft: AddressDraft) =>
  draft.transport === 'unix' || (draft.address.trim() !== '' && credentialOf(draft) !== null)

const words: Record<TransportKind, { title: string; description: string }> = {
  tls: { title: 'TLS', description: 'A client certificate; port 16514' },
  ssh: { title: 'SSH', description: 'A key for root, or for an account in the groups of libvirt and QEMU' },
  unix: { title: 'This machine', description: 'Where the worker runs, as root or in the groups of libvirt and QEMU' },
}

export interface AddressFieldsProps {
  draft: AddressDraft
  onChange: (draft: AddressDraft) => void
}

/** How to reach a host, and what proves to it who we are. */
export function AddressFields({ draft, onChange }: AddressFieldsProps) {
  const set = (part: Partial<AddressDraft>) => onChange({ ...draft, ...part })
  return (
    <>
      <RadioCards
        label="How it is reached"
        columns={3}
        cards={transports.map((id) => ({ id, ...words[id] }))}
        value={draft.transport}
        onChange={(id) => set({ transport: transports.find((known) => known === id) ?? 'tls' })}
      />
      {draft.transport !== 'unix' && (
        <div className="grid gap-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
          <TextField
            label="Name or address"
            placeholder="oslo-1.example.net"
            value={draft.address}
            onChange={(address) => set({ address })}
            isMono
          />
          {draft.transport === 'ssh' && (
            <TextField label="Account" value={draft.user} onChange={(user) => set({ user })} isMono />
          )}
          <NumberField
            label="Port"
            description={`Empty: ${draft.transport === 'tls' ? 16514 : 22}`}
            min={1}
            max={65535}
            isUngrouped
            value={draft.port}
            onChange={(port) => set({ port })}
          />
        </div>
      )}
      {draft.transport === 'unix' && (
        <TextField
          label="Socket"
          description="Empty: where libvirt usually has it"
          placeholder="/var/run/libvirt/libvirt-sock"
          value={draft.socketPath}
          onChange={(socketPath) => set({ socketPath })}
          isMono
        />
      )}
      {draft.transport === 'tls' && <TlsFields tls={draft.tls} onChange={(tls) => set({ tls })} />}
      {draft.transport === 'ssh' && <SshFields ssh={draft.ssh} onChange={(ssh) => set({ ssh })} />}
      {draft.transport !== 'unix' && (
        <p className="text-xs text-ink-muted">
          Kept sealed; nobody can read it here again. Edit the host to replace it.
        </p>
      )}
    </>
  )
}

const certificateStart = '-----BEGIN CERTIFICATE-----'
const keyStart = '-----BEGIN PRIVATE KEY-----'

/** What a TLS connection needs, as PEM. */
export function TlsFields({
  tls,
  onChange,
}: {
  tls: AddressDraft['tls']
  onChange: (tls: AddressDraft['tls']) => void
}) {
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <TextArea
        label="Authority (PEM)"
        description="Of those who signed the host’s certificate: cacert.pem"
        placeholder={certificateStart}
        value={tls.authority}
        onChange={(authority) => onChange({ ...tls, authority })}
        isMono
      />
      <TextArea
        label="Our certificate (PEM)"
        description="clientcert.pem"
        placeholder={certificateStart}
        value={tls.certificate}
        onChange={(certificate) => onChange({ ...tls, certificate })}
        isMono
      />
      <TextArea
        label="Our private key (PEM)"
        description="clientkey.pem"
        placeholder={keyStart}
        value={tls.key}
        onChange={(key) => onChange({ ...tls, key })}
        isMono
      />
    </div>
  )
}

/** What an ssh connection needs. */
export function SshFields({
  ssh,
  onChange,
}: {
  ssh: AddressDraft['ssh']
  onChange: (ssh: AddressDraft['ssh']) => void
}) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextArea
        label="Private key"
        description="Without a passphrase; made for Skerry alone"
        placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
        value={ssh.key}
        onChange={(key) => onChange({ ...ssh, key })}
        isMono
      />
      <TextArea
        label="Known hosts"
        description="What ssh-keyscan prints for it, compared with the host"
        placeholder="oslo-1.example.net ssh-ed25519 AAAA…"
        value={ssh.knownHosts}
        onChange={(knownHosts) => onChange({ ...ssh, knownHosts })}
        isMono
      />
    </div>
  )
}
