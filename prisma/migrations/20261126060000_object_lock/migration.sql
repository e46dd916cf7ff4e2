-- Archived objects can be locked until the end of their keeping, where the store's bucket has object lock.

-- Until now it was always false.
ALTER TABLE "archival_policy" DROP COLUMN "lock";
ALTER TABLE "archival_policy" ADD COLUMN "lock" TEXT;
ALTER TABLE "archival_policy" ADD CONSTRAINT "archival_policy_lock_word" CHECK ("lock" IN ('governance', 'compliance'));

ALTER TABLE "archived_point" ADD COLUMN "lock" TEXT;
ALTER TABLE "archived_point" ADD CONSTRAINT "archived_point_lock_word" CHECK ("lock" IN ('governance', 'compliance'));

ALTER TABLE "archive_store" ADD COLUMN "lock_refusal" TEXT;
UPDATE "archive_store" SET "lock_refusal" = 'It was not tried yet: save the store again.';
