import { errorCode, errorDomain } from '#server/libvirt/error.ts'

/** What libvirt says only of definitions that nobody but a person writes. */
const moreCodes = { noName: 21 } as const
const moreDomains = { xml: 5 } as const
const codes = { ...errorCode, ...moreCodes }
const domains = { ...errorDomain, ...moreDomains }

/** A call that is answered with an error, in libvirt's numbers. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: number
  readonly domain: number

  constructor(code: keyof typeof codes, message: string, domain: keyof typeof domains = 'qemu') {
    super(message)
    this.code = codes[code]
    this.domain = domains[domain]
  }
}

/** The call makes no sense in the state that the VM is in. */
export const notNow = (message: string, domain?: keyof typeof domains) =>
  new Refusal('operationInvalid', `Requested operation is not valid: ${message}`, domain)

export const notRunning = (domain: keyof typeof domains = 'domainConfig') => notNow('domain is not running', domain)

export const invalidArgument = (message: string) => new Refusal('invalidArgument', `invalid argument: ${message}`)

/** A hypervisor of this kind can't do it at all. */
export const notSupported = (what: string) =>
  new Refusal('noSupport', `this function is not supported by the connection driver: ${what}`)
