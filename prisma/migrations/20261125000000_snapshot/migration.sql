-- Snapshots of VMs and the schedules that take them.

CREATE TABLE "snapshot" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "parent" TEXT,
    "description" TEXT NOT NULL DEFAULT '',
    "taken_at" TIMESTAMPTZ(3) NOT NULL,
    "current" BOOLEAN NOT NULL DEFAULT false,
    "state" TEXT NOT NULL,
    "with_memory" BOOLEAN NOT NULL,
    "storage" TEXT NOT NULL,
    "quiesced" BOOLEAN,
    "schedule_id" UUID,

    CONSTRAINT "snapshot_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "snapshot_schedule" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "every" TEXT NOT NULL,
    "minute" INTEGER NOT NULL,
    "hour" INTEGER NOT NULL DEFAULT 0,
    "weekday" INTEGER NOT NULL DEFAULT 1,
    "monthday" INTEGER NOT NULL DEFAULT 1,
    "time_zone" TEXT NOT NULL,
    "keep_count" INTEGER NOT NULL,
    "with_memory" BOOLEAN NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "last_operation_id" UUID,
    "last_refusal" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "snapshot_schedule_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "snapshot_vm_id_name_key" ON "snapshot"("vm_id", "name");
CREATE INDEX "snapshot_schedule_vm_id_idx" ON "snapshot_schedule"("vm_id");
CREATE INDEX "snapshot_schedule_next_at_idx" ON "snapshot_schedule"("next_at");

ALTER TABLE "snapshot" ADD CONSTRAINT "snapshot_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "snapshot_schedule" ADD CONSTRAINT "snapshot_schedule_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE snapshot ADD CONSTRAINT snapshot_storage_word CHECK (storage IN ('internal', 'external'));
ALTER TABLE snapshot_schedule ADD CONSTRAINT snapshot_schedule_every_word CHECK (every IN ('hour', 'day', 'week', 'month'));

DO $$
DECLARE
  vm_table text;
BEGIN
  FOREACH vm_table IN ARRAY ARRAY['snapshot', 'snapshot_schedule'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', vm_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', vm_table);
    EXECUTE format(
      'CREATE POLICY vm_scope ON %I USING ((SELECT skerry_scope_all()) OR EXISTS (SELECT 1 FROM vm WHERE vm.id = vm_id))',
      vm_table);
    -- What belongs to a VM is a change of the VM.
    EXECUTE format('CREATE TRIGGER notify_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(''vm'', ''update'', ''SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id'')', vm_table);
    EXECUTE format('CREATE TRIGGER notify_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(''vm'', ''update'', ''SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id'')', vm_table);
    EXECUTE format('CREATE TRIGGER notify_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(''vm'', ''update'', ''SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id'')', vm_table);
  END LOOP;
END $$;
