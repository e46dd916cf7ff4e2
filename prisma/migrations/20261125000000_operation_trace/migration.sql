-- What workers and operators alone read of an operation.
CREATE TABLE "operation_trace" (
    "operation_id" UUID NOT NULL,
    "error_detail" TEXT,
    "leftover" JSONB,

    CONSTRAINT "operation_trace_pkey" PRIMARY KEY ("operation_id")
);

ALTER TABLE "operation_trace" ADD CONSTRAINT "operation_trace_operation_id_fkey" FOREIGN KEY ("operation_id")
  REFERENCES "operation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE operation_trace ENABLE ROW LEVEL SECURITY;
ALTER TABLE operation_trace FORCE ROW LEVEL SECURITY;
CREATE POLICY fleet_scope ON operation_trace USING ((SELECT skerry_scope_all()));
