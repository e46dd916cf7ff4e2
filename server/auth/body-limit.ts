/** What a request may bring: nothing is sent here but what people and scripts ask for. */
export const maxBodyBytes = 1024 * 1024
/** So much is read and thrown away before the answer: who is cut off while still sending does not get to read it. */
const readToAnswerBytes = 16 * maxBodyBytes

/** The request with its body read, or the refusal of one that is larger than allowed, whatever its headers claim. */
export async function withinBodyLimit(request: Request): Promise<Request | Response> {
  if (!request.body) return request
  let parts: Uint8Array[] = []
  let seenBytes = 0
  for await (const part of request.body) {
    seenBytes += part.byteLength
    if (seenBytes <= maxBodyBytes) parts.push(part)
    else parts = []
    if (seenBytes > readToAnswerBytes) break
  }
  if (seenBytes > maxBodyBytes) return tooLarge()
  const { url, method, headers, signal } = request
  return new Request(url, { method, headers, signal, body: Buffer.concat(parts) })
}

function tooLarge(): Response {
  const message = `A request may have ${maxBodyBytes} bytes at most.`
  return Response.json({ code: 'TOO_LARGE', message }, { status: 413 })
}
