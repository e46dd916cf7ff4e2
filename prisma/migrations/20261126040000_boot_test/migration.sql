-- Boot tests: what came of starting recovery points as throw-away VMs, and when policies want them.

CREATE TABLE "boot_test" (
    "id" UUID NOT NULL,
    "tenant_id" TEXT,
    "vm_id" UUID,
    "vm_uuid" UUID NOT NULL,
    "vm_name" TEXT NOT NULL,
    "recovery_point_id" UUID NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "asked_by" TEXT NOT NULL,
    "machine_uuid" UUID,
    "machine_gone" BOOLEAN NOT NULL DEFAULT false,
    "outcome" TEXT NOT NULL DEFAULT 'running',
    "reason" TEXT,
    "proof" TEXT,
    "restore_ms" INTEGER,
    "boot_ms" INTEGER,
    "guest_name" TEXT,
    "guest_system" TEXT,
    "serial_tail" TEXT,
    "screenshot" BYTEA,

    CONSTRAINT "boot_test_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "boot_test_machine_uuid_key" ON "boot_test"("machine_uuid");
CREATE INDEX "boot_test_vm_id_asked_at_idx" ON "boot_test"("vm_id", "asked_at");
CREATE INDEX "boot_test_vm_uuid_asked_at_idx" ON "boot_test"("vm_uuid", "asked_at");
CREATE INDEX "boot_test_tenant_id_idx" ON "boot_test"("tenant_id");

ALTER TABLE "boot_test" ADD CONSTRAINT "boot_test_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "boot_test" ADD CONSTRAINT "boot_test_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE boot_test ADD CONSTRAINT boot_test_outcome_word CHECK (outcome IN ('running', 'proven', 'failed'));
ALTER TABLE boot_test ADD CONSTRAINT boot_test_proof_word CHECK (proof IN ('agent', 'serial'));
-- What comes from a guest is bounded.
ALTER TABLE boot_test ADD CONSTRAINT boot_test_bounds CHECK (length(serial_tail) <= 16384 AND length(screenshot) <= 4194304);

ALTER TABLE boot_test ENABLE ROW LEVEL SECURITY;
ALTER TABLE boot_test FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON boot_test
  USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));

-- Whether a VM's backups boot is a change of the VM.
CREATE TRIGGER notify_insert AFTER INSERT ON boot_test REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_update AFTER UPDATE ON boot_test REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');

ALTER TABLE "protection_policy" ADD COLUMN "boot_test" JSONB, ADD COLUMN "boot_test_next_at" TIMESTAMPTZ(3);
CREATE INDEX "protection_policy_boot_test_next_at_idx" ON "protection_policy"("boot_test_next_at");
ALTER TABLE "protection" ADD COLUMN "boot_test_due_at" TIMESTAMPTZ(3), ADD COLUMN "boot_test_attempt" INTEGER NOT NULL DEFAULT 0;
CREATE INDEX "protection_boot_test_due_at_idx" ON "protection"("boot_test_due_at");
