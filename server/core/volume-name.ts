const tagPattern = /\.[0-9a-f]{12}(?=(\.[A-Za-z0-9]{1,8})?$)/
const extensionPattern = /\.[A-Za-z0-9]{1,8}$/

const tagOf = (operationId: string) => operationId.replaceAll('-', '').slice(-12)

/**
 * A volume's name with the mark of the operation that makes it (`web.qcow2` → `web.3f2a9c01d4e5.qcow2`), in place of an
 * earlier one's. The mark tells what an operation made from everything else, and no two operations' volumes collide.
 */
export function taggedName(name: string, operationId: string): string {
  const plain = name.replace(tagPattern, '')
  const extension = extensionPattern.exec(plain)?.[0] ?? ''
  return `${plain.slice(0, plain.length - extension.length)}.${tagOf(operationId)}${extension}`
}

/** Whether Skerry made the volume; by this very operation when one is given. */
export function isTagged(name: string, operationId?: string): boolean {
  const tag = tagPattern.exec(name)?.[0]
  return tag !== undefined && (operationId === undefined || tag === `.${tagOf(operationId)}`)
}
