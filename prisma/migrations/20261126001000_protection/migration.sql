-- Protection policies, the VMs under them, and where each recovery point came from.

CREATE TABLE "protection_policy" (
    "id" UUID NOT NULL,
    "tenant_id" TEXT,
    "name" TEXT NOT NULL,
    "made_by" TEXT NOT NULL,
    "all_vms" BOOLEAN NOT NULL DEFAULT false,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "vm_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "schedules" JSONB NOT NULL,
    "time_zone" TEXT NOT NULL,
    "retention" JSONB NOT NULL,
    "datastore_id" UUID NOT NULL,
    "late_after_minutes" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "times_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "pruned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "protection_policy_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "protection" (
    "policy_id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3),
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "operation_id" UUID,
    "failed_at" TIMESTAMPTZ(3),
    "failure" TEXT,

    CONSTRAINT "protection_pkey" PRIMARY KEY ("policy_id", "vm_id")
);

ALTER TABLE "recovery_point" ADD COLUMN "origin" TEXT NOT NULL DEFAULT 'person', ADD COLUMN "policy_id" UUID;

CREATE UNIQUE INDEX protection_policy_tenant_id_name_key ON protection_policy (tenant_id, name) NULLS NOT DISTINCT;
CREATE INDEX "protection_policy_next_at_idx" ON "protection_policy"("next_at");
CREATE INDEX "protection_vm_id_idx" ON "protection"("vm_id");
CREATE INDEX "protection_due_at_idx" ON "protection"("due_at");
CREATE INDEX "protection_operation_id_idx" ON "protection"("operation_id");
CREATE INDEX "recovery_point_policy_id_vm_uuid_idx" ON "recovery_point"("policy_id", "vm_uuid");

ALTER TABLE "protection_policy" ADD CONSTRAINT "protection_policy_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "protection_policy" ADD CONSTRAINT "protection_policy_datastore_id_fkey" FOREIGN KEY ("datastore_id") REFERENCES "datastore"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "protection" ADD CONSTRAINT "protection_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "protection_policy"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "protection" ADD CONSTRAINT "protection_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "recovery_point" ADD CONSTRAINT "recovery_point_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "protection_policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE protection_policy ADD CONSTRAINT protection_policy_made_by_word CHECK (made_by IN ('tenant', 'operator'));
ALTER TABLE recovery_point ADD CONSTRAINT recovery_point_origin_word CHECK (origin IN ('person', 'policy', 'restore'));

-- What a VM was before a restore has that operation's id.
DO $$
BEGIN
  PERFORM set_config('skerry.scope', '*', true);
  UPDATE recovery_point SET origin = 'restore'
    WHERE EXISTS (SELECT FROM operation WHERE operation.id = recovery_point.id AND operation.kind = 'restore-vm');
END $$;

ALTER TABLE protection_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE protection_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON protection_policy
  USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));
ALTER TABLE protection ENABLE ROW LEVEL SECURITY;
ALTER TABLE protection FORCE ROW LEVEL SECURITY;
CREATE POLICY vm_scope ON protection
  USING ((SELECT skerry_scope_all()) OR EXISTS (SELECT 1 FROM vm WHERE vm.id = vm_id));

-- How a VM is protected is a change of the VM.
CREATE TRIGGER notify_insert AFTER INSERT ON protection REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_update AFTER UPDATE ON protection REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_delete AFTER DELETE ON protection REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_update AFTER UPDATE ON protection_policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update',
    'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN protection ON protection.policy_id = changed.id JOIN vm ON vm.id = protection.vm_id');
