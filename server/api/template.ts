import { demand, load } from '#server/auth/load.ts'
import { enqueueOnce } from '#server/core/operation.ts'
import {
  createTemplate,
  deleteTemplate,
  editTemplate,
  listImages,
  listTemplates,
  readTemplateUse,
  templateOfVm,
} from '#server/core/template.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { ImageSearch, MakeTemplateInput, MakeTemplatePlan, TemplateId, TemplateInput } from '#server/schema/template.ts'
import { VmId } from '#server/schema/vm.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'

export const templateRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'template', 'read')
    return listTemplates(ctx.tx)
  }),

  /** Volumes of the hosts that a template can be made with. */
  images: signedIn
    .input(ImageSearch)
    .use(costly(120, 300))
    .query(({ ctx, input }) => {
      demand(ctx, 'template', 'create')
      return listImages(ctx.tx, input.search)
    }),

  /** Where its image is, and what stands on it. */
  use: signedIn.input(TemplateId).query(async ({ ctx, input }) => {
    return readTemplateUse(ctx.tx, await load.template(ctx, input.id, 'edit'))
  }),

  create: change('template', 'create')
    .input(TemplateInput)
    .mutation(async ({ ctx, input }) => {
      ctx.trail.detail = input
      const template = await createTemplate(ctx.tx, input)
      ctx.trail.resource = { kind: 'template', id: template.id, name: input.name, tenantId: null }
      return template
    }),

  /** Copies the first disk of a VM that is off, and makes a template of the copy. */
  makeOfVm: change('template', 'create')
    .input(MakeTemplateInput.extend({ vmId: VmId, idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'migrate')
      ctx.trail.detail = { ofVm: vm.name, ...input }
      const request = { kind: 'make-template', targetId: vmId, input, isPlanned: true, key: idempotencyKey } as const
      const operation = await enqueueOnce(asker(ctx), request, () => templateOfVm(ctx.tx, vm, input))
      const { templateId } = MakeTemplatePlan.parse(operation.input)
      ctx.trail.resource = { kind: 'template', id: templateId, name: input.name, tenantId: null }
      return { operationId: operation.id }
    }),

  edit: change('template', 'edit')
    .input(TemplateInput.extend(TemplateId.shape))
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      const template = await load.template(ctx, id, 'edit')
      ctx.trail.detail = input
      await editTemplate(ctx.tx, template, input)
    }),

  /** Its image stays where it is, and so do the VMs made of it. */
  delete: change('template', 'delete')
    .input(TemplateId)
    .mutation(async ({ ctx, input }) => {
      const template = await load.template(ctx, input.id, 'delete')
      ctx.trail.detail = { poolName: template.poolName, volumeName: template.volumeName }
      await deleteTemplate(ctx.tx, template)
    }),
})
