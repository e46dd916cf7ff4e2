-- What Prisma's schema language has no words for: searching, locking, tenants' row-level security, change notices, audit chain.

-- ── searching ──
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX vm_name_trigram ON vm USING gin (name gin_trgm_ops);

ALTER TABLE vm ADD CONSTRAINT vm_state_word CHECK (
  state IN ('creating', 'running', 'paused', 'shutting_down', 'off', 'crashed', 'sleeping', 'unknown'));
ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_outcome_word CHECK (outcome IN ('succeeded', 'denied', 'failed'));

-- Readings are worth nothing after a crash.
ALTER TABLE vm_stat SET UNLOGGED;

-- ── the lock: one live exclusive operation a target ──
CREATE UNIQUE INDEX operation_live_target ON operation (target_kind, target_id)
  WHERE exclusive AND state IN ('queued', 'running', 'cancelling');
CREATE INDEX operation_live ON operation (created_at) WHERE state IN ('queued', 'running', 'cancelling');

-- ── row-level security ──
-- skerry.scope is '*' for the fleet, else tenants' ids joined by commas; unset sees nothing.
CREATE FUNCTION skerry_scope_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('skerry.scope', true), '') = '*';
CREATE FUNCTION skerry_scope_tenants() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN string_to_array(coalesce(current_setting('skerry.scope', true), ''), ',');

DO $$
DECLARE
  tenant_table text;
  vm_table text;
BEGIN
  FOREACH tenant_table IN ARRAY ARRAY['vm', 'operation', 'audit_entry', 'tenant_member', 'tenant_invitation'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant_table);
    EXECUTE format(
      'CREATE POLICY tenant_scope ON %I USING ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]))',
      tenant_table);
  END LOOP;
  FOREACH vm_table IN ARRAY ARRAY['disk', 'vm_interface', 'vm_event', 'vm_stat'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', vm_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', vm_table);
    EXECUTE format(
      'CREATE POLICY vm_scope ON %I USING ((SELECT skerry_scope_all()) OR EXISTS (SELECT 1 FROM vm WHERE vm.id = vm_id))',
      vm_table);
  END LOOP;
END $$;

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON tenant
  USING ((SELECT skerry_scope_all()) OR id = ANY ((SELECT skerry_scope_tenants())::text[]));

-- Whatever somebody does may be written down; what was written is read within the scope.
CREATE POLICY audit_append ON audit_entry FOR INSERT WITH CHECK (true);

-- ── change notices ──
-- Channel skerry_change carries {"t": table, "o": insert|update|delete, "r": [[id, tenant], …]}; without "r" too many
-- rows changed to name them and a listener reads everything again.
CREATE FUNCTION skerry_notify_rows(table_name text, operation text, changed text[][]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  total integer := coalesce(array_length(changed, 1), 0);
  first integer := 1;
BEGIN
  IF total = 0 THEN RETURN; END IF;
  IF total > 2000 THEN
    PERFORM pg_notify('skerry_change', json_build_object('t', table_name, 'o', operation)::text);
    RETURN;
  END IF;
  WHILE first <= total LOOP
    PERFORM pg_notify('skerry_change',
      json_build_object('t', table_name, 'o', operation, 'r', to_json(changed[first:first + 79][1:2]))::text);
    first := first + 80;
  END LOOP;
END $$;

-- Arguments: the noun to name in the notice, the operation to name (or "own" for the statement's), and the SQL that gives
-- (id, tenant) from the transition tables `changed` (and `before`, for an update).
CREATE FUNCTION skerry_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rows text[][];
BEGIN
  EXECUTE format('SELECT array_agg(ARRAY[id, tenant]) FROM (%s) AS pair (id, tenant)', TG_ARGV[2]) INTO rows;
  PERFORM skerry_notify_rows(TG_ARGV[0], CASE TG_ARGV[1] WHEN 'own' THEN lower(TG_OP) ELSE TG_ARGV[1] END, rows);
  RETURN NULL;
END $$;

-- What a host says every few seconds is no change of the host: it has a noun of its own.
CREATE FUNCTION skerry_host_lasting(host) RETURNS jsonb LANGUAGE sql STABLE
  RETURN to_jsonb($1) - ARRAY['cpu_usage', 'memory_free_bytes', 'last_seen_at', 'worker_id', 'lease_expires_at'];

DO $$
DECLARE
  source record;
BEGIN
  -- A row that belongs to another noun is a change of that noun, also when it comes or goes.
  FOR source IN SELECT * FROM (VALUES
    ('vm', 'vm', 'own', 'SELECT id::text, tenant_id FROM changed'),
    ('operation', 'operation', 'own', 'SELECT id::text, tenant_id FROM changed'),
    ('site', 'site', 'own', 'SELECT id::text, NULL::text FROM changed'),
    ('link', 'link', 'own', 'SELECT id::text, NULL::text FROM changed'),
    ('tenant', 'tenant', 'own', 'SELECT id, id FROM changed'),
    ('template', 'template', 'own', 'SELECT id::text, NULL::text FROM changed'),
    ('storage_pool', 'host', 'update', 'SELECT DISTINCT host_id::text, NULL::text FROM changed'),
    ('network', 'host', 'update', 'SELECT DISTINCT host_id::text, NULL::text FROM changed'),
    ('disk', 'vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id'),
    ('vm_interface', 'vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id'),
    ('vm_event', 'vm', 'update', 'SELECT DISTINCT vm.id::text, vm.tenant_id FROM changed JOIN vm ON vm.id = changed.vm_id')
  ) AS t (table_name, noun, operation, pairs) LOOP
    EXECUTE format('CREATE TRIGGER notify_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', source.table_name, source.noun, source.operation, source.pairs);
    EXECUTE format('CREATE TRIGGER notify_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', source.table_name, source.noun, source.operation, source.pairs);
    EXECUTE format('CREATE TRIGGER notify_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', source.table_name, source.noun, source.operation, source.pairs);
  END LOOP;
END $$;

-- To the tenant a VM was taken from it is gone.
CREATE TRIGGER notify_left AFTER UPDATE ON vm REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('vm', 'delete',
    'SELECT before.id::text, before.tenant_id FROM before JOIN changed USING (id) WHERE before.tenant_id IS DISTINCT FROM changed.tenant_id');

CREATE TRIGGER notify_insert AFTER INSERT ON host REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('host', 'own', 'SELECT id::text, NULL::text FROM changed');
CREATE TRIGGER notify_delete AFTER DELETE ON host REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('host', 'own', 'SELECT id::text, NULL::text FROM changed');
CREATE TRIGGER notify_update AFTER UPDATE ON host REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('host', 'own',
    'SELECT changed.id::text, NULL::text FROM before JOIN changed USING (id) WHERE skerry_host_lasting(before.*::host) <> skerry_host_lasting(changed.*::host)');
CREATE TRIGGER notify_load AFTER UPDATE ON host REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('host_load', 'own',
    'SELECT changed.id::text, NULL::text FROM before JOIN changed USING (id) WHERE (before.cpu_usage, before.memory_free_bytes) IS DISTINCT FROM (changed.cpu_usage, changed.memory_free_bytes)');

-- ── the audit chain ──
CREATE FUNCTION audit_text(entry audit_entry) RETURNS text LANGUAGE sql STABLE RETURN jsonb_build_array(
  entry.chain, entry.sequence, (extract(epoch FROM entry.at) * 1000)::bigint, entry.tenant_id, entry.actor_kind,
  entry.actor_id, entry.actor_name, entry.action, entry.resource_kind, entry.resource_id, entry.resource_name,
  entry.outcome, entry.origin, entry.user_agent, entry.request_id, entry.detail, entry.previous_hash)::text;

-- The head row is the chain's lock: entries of one tenant are numbered in the order in which they commit.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head audit_head;
BEGIN
  NEW.chain := coalesce(NEW.tenant_id, 'fleet');
  INSERT INTO audit_head (chain, sequence, hash) VALUES (NEW.chain, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM audit_head WHERE chain = NEW.chain FOR UPDATE;
  NEW.sequence := head.sequence + 1;
  NEW.previous_hash := head.hash;
  NEW.hash := encode(sha256(convert_to(audit_text(NEW), 'UTF8')), 'hex');
  UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash WHERE chain = NEW.chain;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or removed';
END $$;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_keep();

-- The first entry of each chain that was removed, altered or cut off; no row when all is well.
CREATE FUNCTION audit_check() RETURNS TABLE (chain text, sequence bigint, fault text) LANGUAGE sql STABLE AS $$
  WITH walked AS (
    SELECT entry.*, lag(entry.hash, 1, repeat('0', 64)) OVER w AS hash_before,
      row_number() OVER w AS expected, encode(sha256(convert_to(audit_text(entry.*::audit_entry), 'UTF8')), 'hex') AS computed
    FROM audit_entry AS entry WINDOW w AS (PARTITION BY entry.chain ORDER BY entry.sequence)
  ), faults AS (
    SELECT walked.chain, walked.expected AS sequence,
      CASE WHEN walked.sequence <> walked.expected THEN 'removed'
           WHEN walked.previous_hash <> walked.hash_before THEN 'altered'
           WHEN walked.hash <> walked.computed THEN 'altered' END AS fault
    FROM walked
    UNION ALL
    SELECT head.chain, coalesce(last.sequence, 0) + 1, 'removed'
    FROM audit_head AS head
    LEFT JOIN LATERAL (SELECT e.sequence FROM audit_entry AS e WHERE e.chain = head.chain ORDER BY e.sequence DESC LIMIT 1) AS last ON true
    WHERE coalesce(last.sequence, 0) < head.sequence
  )
  SELECT DISTINCT ON (faults.chain) faults.chain, faults.sequence, faults.fault
  FROM faults WHERE faults.fault IS NOT NULL ORDER BY faults.chain, faults.sequence
$$;
