-- A clone shares blocks with a recovery point in a datastore or, with the same id, in an archive store.
ALTER TABLE "vm" DROP CONSTRAINT "vm_stands_on_id_fkey";
ALTER TABLE "vm" ADD COLUMN "stands_on_archive_store_id" UUID,
  ADD COLUMN "stands_on_local_id" UUID GENERATED ALWAYS AS (
    CASE WHEN "stands_on_archive_store_id" IS NULL THEN "stands_on_id" END) STORED;
ALTER TABLE "vm" ADD CONSTRAINT "vm_stands_on_local_id_fkey" FOREIGN KEY ("stands_on_local_id") REFERENCES "recovery_point"("id")
  ON DELETE RESTRICT ON UPDATE NO ACTION;
ALTER TABLE "vm" ADD CONSTRAINT "vm_stands_on_id_stands_on_archive_store_id_fkey"
  FOREIGN KEY ("stands_on_id", "stands_on_archive_store_id") REFERENCES "archived_point"("id", "archive_store_id")
  ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "vm" ADD CONSTRAINT "vm_stands_on_something" CHECK ("stands_on_archive_store_id" IS NULL OR "stands_on_id" IS NOT NULL);
CREATE INDEX "vm_stands_on_local_id_idx" ON "vm"("stands_on_local_id");
CREATE INDEX "vm_stands_on_archive_store_id_idx" ON "vm"("stands_on_archive_store_id", "stands_on_id");
