import { blockProcedures, snapshotProcedures } from './protocol/block.ts'
import { connectProcedures, deviceProcedures } from './protocol/connect.ts'
import { domainProcedures } from './protocol/domain.ts'
import { eventProcedures, events } from './protocol/event.ts'
import { migrationProcedures } from './protocol/migration.ts'
import { networkProcedures, storageProcedures } from './protocol/storage.ts'
import type { Decoded, Encodable } from './xdr.ts'

/** Every procedure we can call or serve, by name. */
export const procedures = {
  ...connectProcedures,
  ...deviceProcedures,
  ...domainProcedures,
  ...blockProcedures,
  ...snapshotProcedures,
  ...migrationProcedures,
  ...storageProcedures,
  ...networkProcedures,
  ...eventProcedures,
}

type Procedures = typeof procedures
export type ProcedureName = keyof Procedures
/** Procedures whose success opens a stream. */
export type StreamProcedureName =
  | 'domainScreenshot'
  | 'domainOpenConsole'
  | 'domainOpenChannel'
  | 'storageVolUpload'
  | 'storageVolDownload'

/** What a client passes; fields with a default may be left out. */
export type CallArgs<N extends ProcedureName> = Encodable<Procedures[N]['args']>
/** What a client gets back. */
export type CallResult<N extends ProcedureName> = Decoded<Procedures[N]['result']>
/** What a server reads from a call. */
export type ServedArgs<N extends ProcedureName> = Decoded<Procedures[N]['args']>
/** What a server answers with. */
export type ServedResult<N extends ProcedureName> = Encodable<Procedures[N]['result']>

type Events = typeof events
export type EventName = keyof Events
/** What a client reads from an event. */
export type EventBody<N extends EventName> = Decoded<Events[N]['body']>
/** What a server puts into an event. */
export type ServedEventBody<N extends EventName> = Encodable<Events[N]['body']>
/** Any event, told apart by `name`. */
export type LibvirtEvent = { [N in EventName]: { readonly name: N; readonly body: EventBody<N> } }[EventName]

const nameByNumber = new Map(
  Object.entries(procedures).map(([name, { program, number }]) => [`${program}/${number}`, name as ProcedureName]),
)
const eventByNumber = new Map(Object.entries(events).map(([name, { number }]) => [number, name as EventName]))

/** The name of a procedure by its wire numbers, or undefined when it is none of ours. */
export function procedureName(program: number, number: number): ProcedureName | undefined {
  return nameByNumber.get(`${program}/${number}`)
}

/** The name of an event by its wire number, or undefined when it is none of ours. */
export function eventName(number: number): EventName | undefined {
  return eventByNumber.get(number)
}

export type { TypedParams, TypedParamsInput } from './protocol/typed-param.ts'
export { events }

type Handle<N extends ProcedureName, K extends keyof CallResult<N>> = CallResult<N>[K]
export type Domain = Handle<'domainLookupByName', 'domain'>
export type Network = Handle<'networkLookupByName', 'network'>
export type StoragePool = Handle<'storagePoolLookupByName', 'pool'>
export type StorageVolume = Handle<'storageVolLookupByPath', 'volume'>
export type NodeDevice = Handle<'nodeDeviceLookupByName', 'device'>
export type Snapshot = Handle<'domainSnapshotLookupByName', 'snapshot'>
export type Checkpoint = Handle<'domainCheckpointLookupByName', 'checkpoint'>
