import { describe, expect, it } from 'vitest'
import { guestPlans, sitePlans } from '#lab/fleet-plan.ts'
import { stableUuid } from '#lab/guest/definition.ts'
import { countedPlan, standingPlan } from './plan.ts'

describe('the plan of a simulated fleet', () => {
  it('has the sites, hosts and guests of the lab of real hosts', () => {
    const plan = standingPlan()
    expect(plan.sites).toEqual(sitePlans)
    expect(plan.hosts.map(({ name }) => name)).toEqual(sitePlans.flatMap(({ hosts }) => hosts))
    expect(plan.vms.map(({ name, uuid, host, tenantKey }) => ({ name, uuid, host, tenantKey }))).toEqual(
      guestPlans.map(({ name, host, tenantKey }) => ({ name, uuid: stableUuid(name), host, tenantKey })),
    )
  })

  it('is of the size asked for, the same for the same seed, and fits', () => {
    const plan = countedPlan(60, 1200, 'a')
    expect(plan).toEqual(countedPlan(60, 1200, 'a'))
    expect(plan.vms).not.toEqual(countedPlan(60, 1200, 'b').vms)
    expect(plan.hosts).toHaveLength(60)
    expect(new Set(plan.hosts.map(({ name }) => name)).size).toBe(60)
    expect(new Set(plan.hosts.map(({ address }) => address)).size).toBe(60)
    expect(plan.sites.flatMap(({ hosts }) => hosts).sort()).toEqual(plan.hosts.map(({ name }) => name).sort())
    expect(new Set(plan.vms.map(({ uuid }) => uuid)).size).toBe(1200)
    expect(plan.sites.filter(({ kind }) => kind === 'edge').length).toBeGreaterThan(5)
    for (const { name, memoryKiB } of plan.hosts) {
      const running = plan.vms.filter((vm) => vm.host === name && vm.isOn)
      expect(running.reduce((sum, vm) => sum + vm.memoryKiB, 0)).toBeLessThan(memoryKiB)
    }
    const on = plan.vms.filter(({ isOn }) => isOn).length
    expect(on).toBeGreaterThan(900)
    expect(on).toBeLessThan(1200)
  })
})
