/** Part of the durable record: raise it when a workflow's steps change, so that old runs end on old workers. */
export const applicationVersion = '5'
