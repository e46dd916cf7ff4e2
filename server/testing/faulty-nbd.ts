import { connectScripted, type ScriptedSetup } from '#server/nbd/testing/scripted-connection.ts'
import type { SeenRequest } from '#server/nbd/testing/scripted-server.ts'
import { type Faults, faultySocket } from './faulty-socket.ts'

/** An NBD client of a scripted server, over a socket with these faults. */
export const connectFaulty = (
  { faults, ...setup }: ScriptedSetup & { faults?: Faults } = {},
  answer?: (request: SeenRequest) => Buffer | undefined,
) => connectScripted(faultySocket(faults), setup, answer)
