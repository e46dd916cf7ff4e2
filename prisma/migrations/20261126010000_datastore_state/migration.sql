-- How datastores are: reachable, how full, what is broken in them and whom that hurts, what each tenant takes.

ALTER TABLE "datastore"
  ADD COLUMN "state" TEXT NOT NULL DEFAULT 'unknown',
  ADD COLUMN "state_reason" TEXT,
  ADD COLUMN "state_way_out" TEXT,
  ADD COLUMN "state_at" TIMESTAMPTZ(3),
  ADD COLUMN "free_bytes" BIGINT,
  ADD COLUMN "total_bytes" BIGINT,
  ADD COLUMN "care_until" TIMESTAMPTZ(3),
  ADD COLUMN "measure_asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  ADD COLUMN "measure_now" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "measured_at" TIMESTAMPTZ(3),
  ADD COLUMN "measure_took_ms" INTEGER,
  ADD COLUMN "measure_failure" TEXT,
  ADD COLUMN "verify_days" INTEGER NOT NULL DEFAULT 30,
  ADD COLUMN "verify_round" JSONB,
  ADD COLUMN "verify_result" JSONB,
  ADD COLUMN "next_verify_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP + interval '1 day',
  ADD COLUMN "compact_result" JSONB,
  ADD COLUMN "next_compact_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP + interval '12 hours';

ALTER TABLE "recovery_point" ADD COLUMN "unique_bytes" BIGINT, ADD COLUMN "shared_bytes" BIGINT;

CREATE TABLE "datastore_share" (
    "id" UUID NOT NULL,
    "datastore_id" UUID NOT NULL,
    "tenant_id" TEXT,
    "recovery_points" INTEGER NOT NULL,
    "restorable_bytes" BIGINT NOT NULL,
    "content_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "dead_bytes" BIGINT NOT NULL,
    "dedup_ratio" DOUBLE PRECISION NOT NULL,
    "compression_ratio" DOUBLE PRECISION NOT NULL,
    "vm_bytes" JSONB NOT NULL,
    "measured_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "datastore_share_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "datastore_day" (
    "datastore_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "recovery_points" INTEGER NOT NULL,
    "restorable_bytes" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,
    "dead_bytes" BIGINT NOT NULL,
    "free_bytes" BIGINT,

    CONSTRAINT "datastore_day_pkey" PRIMARY KEY ("datastore_id", "day")
);

CREATE TABLE "datastore_damage" (
    "id" UUID NOT NULL,
    "datastore_id" UUID NOT NULL,
    "tenant_id" TEXT,
    "what" TEXT NOT NULL,
    "object_key" TEXT,
    "chunk_id" TEXT,
    "reason" TEXT NOT NULL,
    "hurts" JSONB NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "healed_at" TIMESTAMPTZ(3),

    CONSTRAINT "datastore_damage_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "recovery_point_damage" (
    "recovery_point_id" UUID NOT NULL,
    "chunk_count" INTEGER NOT NULL,
    "disks" TEXT[] NOT NULL,
    "reason" TEXT NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "recovery_point_damage_pkey" PRIMARY KEY ("recovery_point_id")
);

CREATE UNIQUE INDEX datastore_share_datastore_id_tenant_id_key ON datastore_share (datastore_id, tenant_id) NULLS NOT DISTINCT;
CREATE INDEX "datastore_share_tenant_id_idx" ON "datastore_share"("tenant_id");
CREATE INDEX "datastore_damage_datastore_id_healed_at_idx" ON "datastore_damage"("datastore_id", "healed_at");
CREATE INDEX "datastore_next_verify_at_idx" ON "datastore"("next_verify_at");
CREATE INDEX "datastore_next_compact_at_idx" ON "datastore"("next_compact_at");

ALTER TABLE "datastore_share" ADD CONSTRAINT "datastore_share_datastore_id_fkey" FOREIGN KEY ("datastore_id") REFERENCES "datastore"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "datastore_day" ADD CONSTRAINT "datastore_day_datastore_id_fkey" FOREIGN KEY ("datastore_id") REFERENCES "datastore"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "datastore_damage" ADD CONSTRAINT "datastore_damage_datastore_id_fkey" FOREIGN KEY ("datastore_id") REFERENCES "datastore"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "recovery_point_damage" ADD CONSTRAINT "recovery_point_damage_recovery_point_id_fkey" FOREIGN KEY ("recovery_point_id") REFERENCES "recovery_point"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE datastore ADD CONSTRAINT datastore_state_word CHECK (state IN ('unknown', 'healthy', 'read_only', 'unreachable'));
ALTER TABLE datastore ADD CONSTRAINT datastore_verify_days_range CHECK (verify_days BETWEEN 1 AND 365);

ALTER TABLE datastore_share ENABLE ROW LEVEL SECURITY;
ALTER TABLE datastore_share FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON datastore_share
  USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));
ALTER TABLE datastore_damage ENABLE ROW LEVEL SECURITY;
ALTER TABLE datastore_damage FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON datastore_damage
  USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));
ALTER TABLE recovery_point_damage ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_point_damage FORCE ROW LEVEL SECURITY;
CREATE POLICY point_scope ON recovery_point_damage
  USING ((SELECT skerry_scope_all()) OR EXISTS (SELECT 1 FROM recovery_point WHERE recovery_point.id = recovery_point_id));

-- What its recovery points take is another thing when one comes or goes, whoever made or removed it.
CREATE FUNCTION skerry_ask_for_measure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE datastore SET measure_asked_at = clock_timestamp() WHERE id IN (SELECT datastore_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER measure_insert AFTER INSERT ON recovery_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_ask_for_measure();
CREATE TRIGGER measure_delete AFTER DELETE ON recovery_point REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_ask_for_measure();

-- Whether a recovery point is whole is shown with its VM.
CREATE TRIGGER notify_insert AFTER INSERT ON recovery_point_damage REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update',
    'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN recovery_point AS point ON point.id = changed.recovery_point_id JOIN vm ON vm.id = point.vm_id');
CREATE TRIGGER notify_delete AFTER DELETE ON recovery_point_damage REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'update',
    'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN recovery_point AS point ON point.id = changed.recovery_point_id JOIN vm ON vm.id = point.vm_id');
