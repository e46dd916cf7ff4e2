import { invalid } from '#server/errors.ts'

/** The same request, whose body fails with `invalid` once it is longer than allowed, whatever its headers claim. */
export function limitBody(request: Request, maxBytes: number): Request {
  if (!request.body) return request
  let seenBytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seenBytes += chunk.byteLength
      if (seenBytes > maxBytes) controller.error(invalid(`The request is larger than ${maxBytes} bytes.`))
      else controller.enqueue(chunk)
    },
  })
  return new Request(request, { body: request.body.pipeThrough(counter), duplex: 'half' } as RequestInit)
}
