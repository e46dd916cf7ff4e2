ALTER TABLE "recovery_point" ADD COLUMN "applications" JSONB NOT NULL DEFAULT '[]';
