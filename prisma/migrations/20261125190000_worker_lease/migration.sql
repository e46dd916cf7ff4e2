-- A worker's name belongs to one process at a time.
ALTER TABLE "worker" ADD COLUMN "token" TEXT NOT NULL DEFAULT '', ADD COLUMN "process_space" TEXT NOT NULL DEFAULT '';

-- What people gave a VM outlives its absence from the host for a while.
ALTER TABLE "vm" ADD COLUMN "missing_since" TIMESTAMPTZ(3);

-- Old lines of VMs' histories go without a notice: with a VM its own deletion is told.
DROP TRIGGER notify_delete ON vm_event;
