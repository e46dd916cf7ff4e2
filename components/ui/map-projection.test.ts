import { expect, test } from 'vitest'
import { fitProjection, markerScale, placeLabels } from './map-projection.ts'

const oslo = { id: 'oslo', latitude: 59.91, longitude: 10.75 }
const bergen = { id: 'bergen', latitude: 60.39, longitude: 5.32 }
const frankfurt = { id: 'fra', latitude: 50.11, longitude: 8.68 }

test('every site lies inside the map, with north above and east to the right', () => {
  for (const extent of ['world', 'sites'] as const) {
    const { projection } = fitProjection(800, 360, [oslo, bergen, frankfurt], extent)
    const place = (point: typeof oslo) => projection([point.longitude, point.latitude]) ?? [Number.NaN, Number.NaN]
    for (const point of [oslo, bergen, frankfurt]) {
      const [x, y] = place(point)
      expect(x).toBeGreaterThan(0)
      expect(x).toBeLessThan(800)
      expect(y).toBeGreaterThan(0)
      expect(y).toBeLessThan(360)
    }
    expect(place(oslo)[0]).toBeGreaterThan(place(bergen)[0])
    expect(place(oslo)[1]).toBeLessThan(place(frankfurt)[1])
  }
})

test('fitting the sites comes nearer than the world, but a single site keeps its surroundings', () => {
  const scale = (points: (typeof oslo)[], extent: 'world' | 'sites') =>
    fitProjection(800, 360, points, extent).projection.scale()
  const world = scale([oslo], 'world')
  expect(scale([oslo, frankfurt], 'sites')).toBeGreaterThan(world * 3)
  expect(scale([oslo], 'sites')).toBeLessThan(world * 40)
})

test('labels step aside for one another and for the edge', () => {
  const sides = placeLabels(
    [
      { id: 'a', x: 100, y: 100, label: 'Frankfurt' },
      { id: 'b', x: 130, y: 100, label: 'Berlin' },
      { id: 'c', x: 395, y: 300, label: 'Singapore' },
    ],
    400,
  )
  expect(sides.get('a')).toBe('left')
  expect(sides.get('b')).toBe('right')
  expect(sides.get('c')).toBe('left')
})

test('a label that finds no room is left out, and crowded markers shrink', () => {
  const crowd = Array.from({ length: 9 }, (_, place) => ({
    id: `${place}`,
    x: 200 + (place % 3) * 14,
    y: 100 + Math.floor(place / 3) * 14,
    label: 'Bergen pier',
  }))
  const sides = placeLabels(crowd, 400)
  expect(sides.has('4')).toBe(false)
  expect(sides.size).toBeGreaterThan(0)
  expect(markerScale(crowd)).toBeLessThan(1)
  expect(
    markerScale([
      { x: 0, y: 0 },
      { x: 30, y: 0 },
    ]),
  ).toBe(1)
})
