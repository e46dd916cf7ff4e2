-- What a VM was, as far as it is no secret, so that a new one can be made straight from an archive.
ALTER TABLE "archived_point" ADD COLUMN "shape" JSONB NOT NULL DEFAULT '{}';
UPDATE "archived_point" AS archived SET "shape" = point."shape" FROM "recovery_point" AS point WHERE point."id" = archived."id";
