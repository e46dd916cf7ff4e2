-- Archive stores, which tenants may use them within which limits, tenants' archival policies and archived points.

CREATE TABLE "archive_store" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "location" JSONB NOT NULL,
    "credential" BYTEA,
    "currency" TEXT NOT NULL,
    "price_per_gb_month" DOUBLE PRECISION NOT NULL,
    "price_per_gb_read" DOUBLE PRECISION NOT NULL,
    "first_byte_seconds" INTEGER NOT NULL,
    "lock_days" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_store_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "archive_grant" (
    "archive_store_id" UUID NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "max_bytes" BIGINT,
    "min_keep_days" INTEGER NOT NULL,
    "max_keep_days" INTEGER NOT NULL,
    "may_delete_local" BOOLEAN NOT NULL,

    CONSTRAINT "archive_grant_pkey" PRIMARY KEY ("archive_store_id", "tenant_id")
);

CREATE TABLE "archive_key" (
    "tenant_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "shown_at" TIMESTAMPTZ(3),

    CONSTRAINT "archive_key_pkey" PRIMARY KEY ("tenant_id")
);

CREATE TABLE "archival_policy" (
    "id" UUID NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "archive_store_id" UUID NOT NULL,
    "all_vms" BOOLEAN NOT NULL DEFAULT false,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "vm_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "datastore_id" UUID,
    "which" TEXT NOT NULL,
    "begins" TEXT NOT NULL,
    "min_age_days" INTEGER NOT NULL,
    "schedule" JSONB,
    "time_zone" TEXT NOT NULL,
    "above_bytes" BIGINT,
    "down_to_bytes" BIGINT,
    "keep_days" INTEGER NOT NULL,
    "local_copy" TEXT NOT NULL,
    "lock" BOOLEAN NOT NULL DEFAULT false,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "last_operation_id" UUID,
    "last_refusal" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archival_policy_pkey" PRIMARY KEY ("id")
);

-- The same id as the recovery point that it was in a datastore, where it may be still.
CREATE TABLE "archived_point" (
    "id" UUID NOT NULL,
    "archive_store_id" UUID NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "policy_id" UUID,
    "vm_id" UUID,
    "vm_uuid" UUID NOT NULL,
    "vm_name" TEXT NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "consistency" TEXT NOT NULL,
    "disks" JSONB NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "content_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "took_ms" INTEGER NOT NULL,
    "read_back_bytes" BIGINT NOT NULL,
    "read_back_ms" INTEGER NOT NULL,
    "definition" BYTEA NOT NULL,
    "archived_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_back_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "locked_until" TIMESTAMPTZ(3),

    CONSTRAINT "archived_point_pkey" PRIMARY KEY ("id", "archive_store_id")
);

-- Archived, and no longer to be restored from where it is.
ALTER TABLE "recovery_point" ADD COLUMN "invalid_at" TIMESTAMPTZ(3);

CREATE UNIQUE INDEX "archive_store_name_key" ON "archive_store"("name");
CREATE INDEX "archive_grant_tenant_id_idx" ON "archive_grant"("tenant_id");
CREATE UNIQUE INDEX "archival_policy_tenant_id_name_key" ON "archival_policy"("tenant_id", "name");
CREATE INDEX "archival_policy_next_at_idx" ON "archival_policy"("next_at");
CREATE INDEX "archival_policy_archive_store_id_idx" ON "archival_policy"("archive_store_id");
CREATE INDEX "archived_point_vm_id_taken_at_idx" ON "archived_point"("vm_id", "taken_at");
CREATE INDEX "archived_point_tenant_id_taken_at_idx" ON "archived_point"("tenant_id", "taken_at");
CREATE INDEX "archived_point_archive_store_id_expires_at_idx" ON "archived_point"("archive_store_id", "expires_at");

ALTER TABLE "archive_grant" ADD CONSTRAINT "archive_grant_archive_store_id_fkey" FOREIGN KEY ("archive_store_id") REFERENCES "archive_store"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "archive_grant" ADD CONSTRAINT "archive_grant_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "archive_key" ADD CONSTRAINT "archive_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "archival_policy" ADD CONSTRAINT "archival_policy_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "archival_policy" ADD CONSTRAINT "archival_policy_archive_store_id_fkey" FOREIGN KEY ("archive_store_id") REFERENCES "archive_store"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "archived_point" ADD CONSTRAINT "archived_point_archive_store_id_fkey" FOREIGN KEY ("archive_store_id") REFERENCES "archive_store"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "archived_point" ADD CONSTRAINT "archived_point_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "archived_point" ADD CONSTRAINT "archived_point_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "archival_policy"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "archived_point" ADD CONSTRAINT "archived_point_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE archive_store ADD CONSTRAINT archive_store_kind_word CHECK (kind IN ('folder', 's3'));
ALTER TABLE archival_policy ADD CONSTRAINT archival_policy_which_word CHECK (which IN ('every', 'day', 'week', 'month'));
ALTER TABLE archival_policy ADD CONSTRAINT archival_policy_begins_word CHECK (begins IN ('age', 'schedule', 'fullness'));
ALTER TABLE archival_policy ADD CONSTRAINT archival_policy_local_copy_word CHECK (local_copy IN ('keep', 'invalidate', 'delete'));
ALTER TABLE archived_point ADD CONSTRAINT archived_point_consistency_word CHECK (consistency IN ('application', 'crash', 'off'));

-- ── row-level security: a tenant sees the stores that it was granted; operators decide about both ──
ALTER TABLE archive_store ENABLE ROW LEVEL SECURITY;
ALTER TABLE archive_store FORCE ROW LEVEL SECURITY;
CREATE POLICY fleet_scope ON archive_store USING ((SELECT skerry_scope_all()));
CREATE POLICY grant_scope ON archive_store FOR SELECT
  USING (EXISTS (SELECT 1 FROM archive_grant WHERE archive_grant.archive_store_id = archive_store.id));
ALTER TABLE archive_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE archive_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY fleet_scope ON archive_grant USING ((SELECT skerry_scope_all()));
CREATE POLICY tenant_scope ON archive_grant FOR SELECT
  USING (tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));
DO $$
DECLARE
  tenant_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['archive_key', 'archival_policy', 'archived_point'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format(
      'CREATE POLICY tenant_scope ON %I USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]))',
      tenant_table);
  END LOOP;
END $$;

-- What a VM can be restored to is a change of the VM.
CREATE TRIGGER notify_insert AFTER INSERT ON archived_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_delete AFTER DELETE ON archived_point REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_invalid AFTER UPDATE ON recovery_point
  REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update',
    'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN before USING (id) JOIN vm ON vm.id = changed.vm_id
     WHERE changed.invalid_at IS DISTINCT FROM before.invalid_at');
