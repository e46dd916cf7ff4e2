import { expect, test } from 'vitest'
import { isSurelyMeant, subjectsFor } from './palette-subjects.ts'

const vm = (id: string, name: string) => ({ kind: 'vm' as const, id, name })
const host = { kind: 'host' as const, id: 'h1', name: 'oslo-1' }
const ofPage = { kind: 'vm' as const, id: 'v9' }
const commandOf = ({ kind, id, name }: { kind: 'vm' | 'host'; id: string; name: string }) => ({
  name,
  subject: { kind, id },
})

test('a command is for what is called so, else for a few that contain it, and without a name for the open page', () => {
  const named = [vm('v10', 'web-10'), vm('v1', 'Web-1'), vm('v2', 'old-web-1')]
  expect(subjectsFor({ command: 'reboot', name: 'web-1' }, { named, ofPage })).toEqual([named[1]])
  expect(subjectsFor({ command: 'reboot', name: 'web' }, { named, ofPage })).toEqual(named)
  expect(subjectsFor({ command: 'reboot', name: '' }, { named, ofPage })).toEqual([ofPage])
  expect(subjectsFor({ command: '', name: 'web' }, { found: named, ofPage })).toEqual([named[0]])
  expect(subjectsFor({ command: '', name: 'web' }, { found: undefined, ofPage })).toEqual([])
  const site = { kind: 'site', id: 's1', name: 'web' }
  expect(subjectsFor({ command: 'reboot', name: 'web' }, { named: [site, host], ofPage })).toEqual([host])
})

test('Enter alone gives a command only to the one VM or host that is called so, or whose page is open', () => {
  const reboot = { command: 'reboot', name: 'web-1' }
  expect(isSurelyMeant(reboot, [commandOf(vm('v1', 'Web-1'))])).toBe(true)
  expect(isSurelyMeant(reboot, [commandOf(vm('v10', 'web-10'))])).toBe(false)
  expect(isSurelyMeant(reboot, [commandOf(vm('v1', 'web-1')), commandOf(vm('v3', 'web-1'))])).toBe(false)
  expect(isSurelyMeant({ command: 're', name: '' }, [commandOf(vm('v9', 'web-9'))])).toBe(true)
  expect(isSurelyMeant({ command: '', name: '' }, [commandOf(vm('v9', 'web-9'))])).toBe(false)
  expect(isSurelyMeant(reboot, [])).toBe(false)
})
