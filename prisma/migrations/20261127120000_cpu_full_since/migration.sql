-- Since when a host's CPU is full. It comes and goes with the load, so it is no change of the host.
ALTER TABLE "host" ADD COLUMN "cpu_full_since" TIMESTAMPTZ(3);

CREATE OR REPLACE FUNCTION skerry_host_lasting(host) RETURNS jsonb LANGUAGE sql STABLE
  RETURN to_jsonb($1) - ARRAY['cpu_usage', 'cpu_full_since', 'memory_free_bytes', 'last_seen_at', 'worker_id',
    'lease_expires_at', 'control_round_trip_ms'];
