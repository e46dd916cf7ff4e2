-- Archive stores are verified as datastores are: how far a round has come, what the last one came to, and what of it is
-- broken, with whom it hurts. By itself only where an operator asked for it: reading may have a price there.

ALTER TABLE "archive_store"
  ADD COLUMN "verify_days" INTEGER,
  ADD COLUMN "verify_round" JSONB,
  ADD COLUMN "verify_result" JSONB,
  ADD COLUMN "next_verify_at" TIMESTAMPTZ(3);
ALTER TABLE archive_store ADD CONSTRAINT archive_store_verify_days_range CHECK (verify_days BETWEEN 1 AND 365);
CREATE INDEX "archive_store_next_verify_at_idx" ON "archive_store"("next_verify_at");

DROP TRIGGER notify_insert ON datastore_damage;
DROP TRIGGER notify_update ON datastore_damage;
DROP TRIGGER notify_delete ON datastore_damage;
ALTER TABLE "datastore_damage" RENAME TO "store_damage";
ALTER TABLE "store_damage" RENAME CONSTRAINT "datastore_damage_pkey" TO "store_damage_pkey";
ALTER TABLE "store_damage" RENAME CONSTRAINT "datastore_damage_datastore_id_fkey" TO "store_damage_datastore_id_fkey";
ALTER INDEX "datastore_damage_datastore_id_healed_at_idx" RENAME TO "store_damage_datastore_id_healed_at_idx";
ALTER TABLE "store_damage" ALTER COLUMN "datastore_id" DROP NOT NULL, ADD COLUMN "archive_store_id" UUID;
ALTER TABLE "store_damage" ADD CONSTRAINT "store_damage_archive_store_id_fkey" FOREIGN KEY ("archive_store_id") REFERENCES "archive_store"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE store_damage ADD CONSTRAINT store_damage_one_store CHECK (num_nonnulls(datastore_id, archive_store_id) = 1);
CREATE INDEX "store_damage_archive_store_id_healed_at_idx" ON "store_damage"("archive_store_id", "healed_at");

CREATE TABLE "archived_point_damage" (
    "recovery_point_id" UUID NOT NULL,
    "archive_store_id" UUID NOT NULL,
    "chunk_count" INTEGER NOT NULL,
    "disks" TEXT[] NOT NULL,
    "reason" TEXT NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "archived_point_damage_pkey" PRIMARY KEY ("recovery_point_id", "archive_store_id")
);
ALTER TABLE "archived_point_damage" ADD CONSTRAINT "archived_point_damage_recovery_point_id_archive_store_id_fkey" FOREIGN KEY ("recovery_point_id", "archive_store_id") REFERENCES "archived_point"("id", "archive_store_id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE archived_point_damage ENABLE ROW LEVEL SECURITY;
ALTER TABLE archived_point_damage FORCE ROW LEVEL SECURITY;
CREATE POLICY point_scope ON archived_point_damage
  USING ((SELECT skerry_scope_all()) OR EXISTS (SELECT 1 FROM archived_point AS point
    WHERE point.id = recovery_point_id AND point.archive_store_id = archived_point_damage.archive_store_id));

-- Pages are told of archive stores as they are of datastores.
DO $$
DECLARE
  source record;
  event record;
BEGIN
  FOR source IN SELECT * FROM (VALUES
    ('store_damage', 'datastore', 'SELECT DISTINCT coalesce(datastore_id, archive_store_id)::text, NULL::text FROM changed'),
    ('archive_store', 'datastore', 'SELECT id::text, NULL::text FROM changed'),
    ('archived_point_damage', 'vm', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN archived_point AS point ON point.id = changed.recovery_point_id AND point.archive_store_id = changed.archive_store_id JOIN vm ON vm.id = point.vm_id')
  ) AS t (table_name, noun, pairs) LOOP
    FOR event IN SELECT * FROM (VALUES ('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')) AS t (word, kept) LOOP
      EXECUTE format('CREATE TRIGGER notify_%s AFTER %s ON %I REFERENCING %s TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)',
        event.word, upper(event.word), source.table_name, event.kept, source.noun, 'update', source.pairs);
    END LOOP;
  END LOOP;
END $$;
