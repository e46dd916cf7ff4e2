import { hash } from 'node:crypto'

/** Tells whether a VM's definition is still the one that somebody began to edit. */
export const definitionVersion = (definition: string): string => hash('sha256', definition, 'base64url')
