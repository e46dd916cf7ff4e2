-- Datastores and the recovery points in them.

CREATE TABLE "datastore" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "location" JSONB NOT NULL,
    "credential" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "datastore_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "recovery_point" (
    "id" UUID NOT NULL,
    "tenant_id" TEXT,
    "vm_id" UUID,
    "vm_uuid" UUID NOT NULL,
    "vm_name" TEXT NOT NULL,
    "datastore_id" UUID NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "consistency" TEXT NOT NULL,
    "reading" TEXT NOT NULL,
    "parent_id" UUID,
    "disks" JSONB NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "read_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "took_ms" INTEGER NOT NULL,
    "definition" BYTEA NOT NULL,

    CONSTRAINT "recovery_point_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "datastore_name_key" ON "datastore"("name");
CREATE INDEX "recovery_point_vm_id_taken_at_idx" ON "recovery_point"("vm_id", "taken_at");
CREATE INDEX "recovery_point_tenant_id_taken_at_idx" ON "recovery_point"("tenant_id", "taken_at");
CREATE INDEX "recovery_point_datastore_id_idx" ON "recovery_point"("datastore_id");

ALTER TABLE "recovery_point" ADD CONSTRAINT "recovery_point_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "recovery_point" ADD CONSTRAINT "recovery_point_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "recovery_point" ADD CONSTRAINT "recovery_point_datastore_id_fkey" FOREIGN KEY ("datastore_id") REFERENCES "datastore"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE datastore ADD CONSTRAINT datastore_kind_word CHECK (kind IN ('folder', 's3'));
ALTER TABLE recovery_point ADD CONSTRAINT recovery_point_consistency_word CHECK (consistency IN ('application', 'crash', 'off'));
ALTER TABLE recovery_point ADD CONSTRAINT recovery_point_reading_word CHECK (reading IN ('full', 'incremental'));

ALTER TABLE recovery_point ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_point FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON recovery_point
  USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));

CREATE TRIGGER notify_insert AFTER INSERT ON recovery_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
CREATE TRIGGER notify_delete AFTER DELETE ON recovery_point REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id');
