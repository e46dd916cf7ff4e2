/** A colour of the interface: lightness 0–1, chroma, hue in degrees, opacity 0–1. */
export interface Oklch {
  lightness: number
  chroma: number
  hue: number
  alpha: number
}

/** Reads `--color-NAME: light-dark(oklch(…), oklch(…))` out of a style sheet. */
export function readColorTokens(css: string): Map<string, { light: Oklch; dark: Oklch }> {
  const tokens = new Map<string, { light: Oklch; dark: Oklch }>()
  const line = /--color-([a-z0-9-]+):\s*light-dark\(\s*oklch\(([^)]*)\),\s*oklch\(([^)]*)\)\s*\)/g
  for (const [, name = '', light = '', dark = ''] of css.matchAll(line)) {
    tokens.set(name, { light: readOklch(light), dark: readOklch(dark) })
  }
  return tokens
}

function readOklch(text: string): Oklch {
  const [lightness = 0, chroma = 0, hue = 0, alpha = 1] = text.split(/[\s/]+/).map(Number)
  return { lightness, chroma, hue, alpha }
}

/** Linear sRGB, each channel cut to what a screen shows. */
function toLinearRgb({ lightness, chroma, hue }: Oklch): [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const cut = (channel: number) => Math.min(1, Math.max(0, channel))
  return [
    cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function luminance(color: Oklch): number {
  const [red, green, blue] = toLinearRgb(color)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The contrast ratio of WCAG 2, from 1 to 21, of two opaque colours. */
export function contrastRatio(one: Oklch, other: Oklch): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((x, y) => x - y)
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05)
}
