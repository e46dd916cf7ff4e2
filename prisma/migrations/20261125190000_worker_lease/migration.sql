-- A worker's name belongs to one process at a time.
ALTER TABLE "worker" ADD COLUMN "token" TEXT NOT NULL DEFAULT '', ADD COLUMN "process_space" TEXT NOT NULL DEFAULT '';
