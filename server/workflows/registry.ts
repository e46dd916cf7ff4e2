import type { AnyWorkflow } from './define.ts'
import { migrateVm } from './migrate-vm.ts'
import { powerVm } from './power-vm.ts'

/** Every kind of operation there is. */
export const workflows: readonly AnyWorkflow[] = [powerVm, migrateVm]
