'use client'

import { useSyncExternalStore } from 'react'

export interface PasskeyObstacle {
  reason: string
  /** The same page where passkeys work */
  href?: string
}

const loopbackAddress = /^(127\.\d+\.\d+\.\d+|\[::1\])$/
const ipAddress = /^[\d.]+$|^\[/

/** Why this browser can't use passkeys at this address, if it can't. */
export function passkeyObstacleAt(url: URL, isSecureContext: boolean, knowsPasskeys: boolean): PasskeyObstacle | null {
  if (loopbackAddress.test(url.hostname)) {
    const there = new URL(url)
    there.hostname = 'localhost'
    return { reason: 'A passkey belongs to a name, and this is an IP address', href: there.href }
  }
  if (ipAddress.test(url.hostname)) {
    return { reason: 'A passkey belongs to a name: open Skerry by its name over https, not by an IP address' }
  }
  if (!isSecureContext) return { reason: 'Passkeys need https' }
  return knowsPasskeys ? null : { reason: 'This browser knows no passkeys' }
}

const never = () => () => {}
let known: { href: string; obstacle: PasskeyObstacle | null } | undefined

/** Equal objects for equal addresses, so that nothing is drawn again. */
function here(): PasskeyObstacle | null {
  const { href } = window.location
  if (known?.href !== href) {
    const knowsPasskeys = typeof PublicKeyCredential !== 'undefined'
    known = { href, obstacle: passkeyObstacleAt(new URL(href), window.isSecureContext, knowsPasskeys) }
  }
  return known.obstacle
}

export const usePasskeyObstacle = () => useSyncExternalStore(never, here, () => null)
