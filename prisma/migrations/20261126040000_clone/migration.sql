-- A clone shares blocks with a recovery point, which therefore can't go before it; a worker says why it can't offer them.
ALTER TABLE "vm" ADD COLUMN "stands_on_id" UUID;
ALTER TABLE "vm" ADD CONSTRAINT "vm_stands_on_id_fkey" FOREIGN KEY ("stands_on_id") REFERENCES "recovery_point"("id")
  ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX "vm_stands_on_id_idx" ON "vm"("stands_on_id");
ALTER TABLE "worker" ADD COLUMN "clone_obstacle" TEXT;
