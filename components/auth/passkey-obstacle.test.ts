import { expect, test } from 'vitest'
import { passkeyObstacleAt } from './passkey-obstacle.ts'

const at = (href: string, isSecure = true, knows = true) => passkeyObstacleAt(new URL(href), isSecure, knows)

test('at this machine’s IP address it leads to the same page at localhost', () => {
  expect(at('http://127.0.0.1:3000/settings/security?x=1')?.href).toBe('http://localhost:3000/settings/security?x=1')
  expect(at('http://[::1]:3000/login')?.href).toBe('http://localhost:3000/login')
})

test('at another IP address there is no such page', () => {
  expect(at('http://192.0.2.7:3000/', false)).toEqual({ reason: expect.stringContaining('by its name over https') })
})

test('a name over https is no obstacle, nor is localhost', () => {
  expect(at('https://skerry.example/')).toBeNull()
  expect(at('http://localhost:3000/')).toBeNull()
  expect(at('http://skerry.example/', false)?.reason).toBe('Passkeys need https')
  expect(at('https://skerry.example/', true, false)?.reason).toMatch(/knows no passkeys/)
})
