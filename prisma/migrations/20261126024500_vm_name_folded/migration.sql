-- A part of a name that many have is looked for while walking over names in order. ILIKE folds each name anew, which
-- costs four times what comparing bytes does; so the folded name is kept, and both indexes of names have it.
ALTER TABLE "vm" ADD COLUMN "name_folded" text COLLATE "C" GENERATED ALWAYS AS (lower("name")) STORED;

DROP INDEX "vm_name_id_idx";
CREATE INDEX "vm_name_id_idx" ON "vm"("name", "id") INCLUDE ("tenant_id", "name_folded");
DROP INDEX "vm_tenant_id_name_id_idx";
CREATE INDEX "vm_tenant_id_name_id_idx" ON "vm"("tenant_id", "name", "id") INCLUDE ("name_folded");
