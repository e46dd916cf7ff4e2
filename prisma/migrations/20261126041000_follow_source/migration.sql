-- A clone that was never started may follow the VM that its recovery point is of.
ALTER TABLE "vm" ADD COLUMN "follows" BOOLEAN NOT NULL DEFAULT false, ADD COLUMN "follow_after" TIMESTAMPTZ(3);
CREATE INDEX "vm_follows_idx" ON "vm"("id") WHERE "follows";
