/** A name nobody has taken yet: "2026-11-25-1830". */
export function suggestedName(prefix: string, taken: readonly { name: string }[], now = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const base = `${prefix}${day}-${two(now.getHours())}${two(now.getMinutes())}`
  const isTaken = (name: string) => taken.some((each) => each.name === name)
  if (!isTaken(base)) return base
  let count = 2
  while (isTaken(`${base}-${count}`)) count++
  return `${base}-${count}`
}
