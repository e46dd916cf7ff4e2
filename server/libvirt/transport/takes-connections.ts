import net from 'node:net'

/** Whether somebody takes connections at a socket. Its file alone does not tell: it is there before its program listens. */
export function takesConnections(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: socketPath })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
