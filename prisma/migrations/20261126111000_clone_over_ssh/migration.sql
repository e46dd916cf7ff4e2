-- A host that is reached through ssh reads what clones share by a way that the worker that looks after it makes.
ALTER TABLE "host" ADD COLUMN "clone_way_by" TEXT, ADD COLUMN "clone_obstacle" TEXT;
