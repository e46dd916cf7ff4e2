import { errorCode, errorDomain } from '#server/libvirt/error.ts'

/** A call that is answered with an error, in libvirt's numbers. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: number
  readonly domain: number

  constructor(code: keyof typeof errorCode, message: string, domain: keyof typeof errorDomain = 'qemu') {
    super(message)
    this.code = errorCode[code]
    this.domain = errorDomain[domain]
  }
}

/** The call makes no sense in the state that the VM is in. */
export const notNow = (message: string) =>
  new Refusal('operationInvalid', `Requested operation is not valid: ${message}`)

export const invalidArgument = (message: string) => new Refusal('invalidArgument', `invalid argument: ${message}`)

/** A hypervisor of this kind can't do it at all. */
export const notSupported = (what: string) =>
  new Refusal('noSupport', `this function is not supported by the connection driver: ${what}`)
