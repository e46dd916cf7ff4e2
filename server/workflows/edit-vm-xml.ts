/**
 * Replaces a VM's definition by an operator's text, which libvirt checks against its schema. It is all or nothing in the
 * hypervisor itself, so there is nothing to undo; a running VM takes it up when it is started next.
 *
 * | state        | edit                         |
 * |--------------|------------------------------|
 * | any          | yes, from the next start on  |
 * | off          | yes                          |
 *
 * Name and UUID must stay: with others, libvirt would define a second VM.
 */
import { conflict, invalid } from '#server/errors.ts'
import { identityOf } from '#server/hypervisor/libvirt/xml/relocate.ts'
import { type EditOutcome, EditXmlInput } from '#server/schema/vm-action.ts'
import { defineWorkflow } from './define.ts'
import { vmOnHost } from './vm-on-host.ts'

export const editVmXml = defineWorkflow<EditXmlInput, EditOutcome>({
  kind: 'edit-vm-xml',
  input: EditXmlInput,
  result: (memory) => ({ changes: [memory] }),
  steps: [
    {
      name: 'define',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const wanted = identityOf(context.input.xml)
        if (!wanted) throw invalid('The text is not the definition of a VM with a name.')
        if (wanted.uuid !== vm.uuid) throw invalid(`The definition must keep the UUID ${vm.uuid}.`, { field: 'xml' })
        if (wanted.name !== facts.name) {
          throw invalid(`The definition must keep the name ${facts.name}.`, {
            field: 'xml',
            wayOut: 'Rename the VM instead.',
          })
        }
        if (!facts.persistent) throw conflict(`${vm.name} has no definition to change: it exists only while it runs.`)
        await host.define(context.input.xml)
        return { what: 'definition', live: facts.state === 'off' }
      },
    },
  ],
})
