import { type GeoPath, type GeoProjection, geoNaturalEarth1, geoPath } from 'd3-geo'

/** A place on the map. */
export interface MapPoint {
  id: string
  latitude: number
  longitude: number
}

/** Which side of its marker a label stands on. */
export type LabelSide = 'right' | 'left' | 'above' | 'below'

/** Markers nearer than this, in px, are drawn smaller. */
const crowdedPx = 20

/** The edges of the world without the ice at its foot. */
const inhabited: [number, number][] = [
  [-179, 0],
  [179, 0],
  [0, 79],
  [0, -56],
]

/** A Natural Earth projection that shows the whole world, or the sites with room around them. */
export function fitProjection(
  widthPx: number,
  heightPx: number,
  points: readonly MapPoint[],
  extent: 'world' | 'sites',
): { projection: GeoProjection; path: GeoPath } {
  const projection = geoNaturalEarth1()
  if (extent === 'world' || points.length === 0) {
    projection.fitExtent(
      [
        [4, 4],
        [widthPx - 4, heightPx - 4],
      ],
      { type: 'MultiPoint', coordinates: inhabited },
    )
  } else {
    const padding = { x: Math.min(120, widthPx * 0.18), y: Math.min(56, heightPx * 0.2) }
    projection.fitExtent(
      [
        [padding.x, padding.y],
        [widthPx - padding.x, heightPx - padding.y],
      ],
      { type: 'MultiPoint', coordinates: boundingCorners(points) },
    )
  }
  projection.clipExtent([
    [-20, -20],
    [widthPx + 20, heightPx + 20],
  ])
  return { projection, path: geoPath(projection) }
}

const leastSpanDegrees = { latitude: 9, longitude: 16 }

/** The points and, where they lie close together, corners that keep the map from coming too near. */
function boundingCorners(points: readonly MapPoint[]): [number, number][] {
  const coordinates = points.map((point): [number, number] => [point.longitude, point.latitude])
  const longitudes = points.map((point) => point.longitude)
  const latitudes = points.map((point) => point.latitude)
  const spread = (values: number[], least: number): [number, number] => {
    const low = Math.min(...values)
    const high = Math.max(...values)
    const missing = Math.max(0, least - (high - low)) / 2
    return [low - missing, high + missing]
  }
  const [west, east] = spread(longitudes, leastSpanDegrees.longitude)
  const [south, north] = spread(latitudes, leastSpanDegrees.latitude)
  return [...coordinates, [west, south], [east, north]]
}

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

const glyphWidthPx = 6.4
const lineHeightPx = 14
const markerRadiusPx = 9

/** The size of every marker, 1 or less: smaller where any two would cover each other. */
export function markerScale(points: readonly { x: number; y: number }[]): number {
  const isCrowded = points.some((one, index) =>
    points.slice(index + 1).some((other) => Math.hypot(one.x - other.x, one.y - other.y) < crowdedPx),
  )
  return isCrowded ? 0.6 : 1
}

/**
 * A side for each label on which it meets no other label or marker, best side first. A label without a free side
 * has no entry: it shows with the marker's details instead.
 * Points are in px on the map; widths are estimated from the number of letters.
 */
export function placeLabels(
  points: readonly { id: string; x: number; y: number; label: string }[],
  widthPx: number,
): Map<string, LabelSide> {
  const taken: Box[] = points.map(({ x, y }) => around(x, y, markerRadiusPx, markerRadiusPx))
  const sides = new Map<string, LabelSide>()
  for (const [index, point] of points.entries()) {
    const others = taken.filter((_, other) => other !== index)
    const order: LabelSide[] = ['right', 'left', 'below', 'above']
    const side = order.find((candidate) => {
      const box = labelBox(point, candidate)
      return box.left >= 0 && box.right <= widthPx && others.every((other) => !overlaps(box, other))
    })
    if (!side) continue
    sides.set(point.id, side)
    taken.push(labelBox(point, side))
  }
  return sides
}

function labelBox({ x, y, label }: { x: number; y: number; label: string }, side: LabelSide): Box {
  const width = label.length * glyphWidthPx
  const half = lineHeightPx / 2
  const gap = markerRadiusPx + 3
  if (side === 'right') return { left: x + gap, right: x + gap + width, top: y - half, bottom: y + half }
  if (side === 'left') return { left: x - gap - width, right: x - gap, top: y - half, bottom: y + half }
  const centre = side === 'above' ? y - gap - half : y + gap + half
  return around(x, centre, width / 2, half)
}

function around(x: number, y: number, halfWidth: number, halfHeight: number): Box {
  return { left: x - halfWidth, right: x + halfWidth, top: y - halfHeight, bottom: y + halfHeight }
}

function overlaps(one: Box, other: Box): boolean {
  return one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top
}
