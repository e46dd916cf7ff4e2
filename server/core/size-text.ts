const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** A size in bytes as the console shows it too, with three digits at most: "100 MiB", "4 GiB", "1.25 TiB". */
export function sizeText(sizeBytes: number | bigint): string {
  let size = Number(sizeBytes)
  let step = 0
  while (size >= 1023.5 && step < units.length - 1) {
    size /= 1024
    step += 1
  }
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2
  return `${Number(size.toFixed(digits))} ${units[step]}`
}
