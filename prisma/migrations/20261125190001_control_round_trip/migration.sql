-- How long a question to a host and its answer take, from the worker that looks after it. It moves all the time, so it
-- is no change of the host.
ALTER TABLE "host" ADD COLUMN "control_round_trip_ms" DOUBLE PRECISION;

CREATE OR REPLACE FUNCTION skerry_host_lasting(host) RETURNS jsonb LANGUAGE sql STABLE
  RETURN to_jsonb($1) - ARRAY['cpu_usage', 'memory_free_bytes', 'last_seen_at', 'worker_id', 'lease_expires_at',
    'control_round_trip_ms'];
