-- Searching VMs by parts of names and addresses and by tags, below row-level security; see docs/decisions.

-- What is searched in. Its policy is the search: a statement sees the rows of its scope that skerry.search asks for, and
-- without it none. A condition of a policy may use an index that a condition of a statement may not.
CREATE TABLE vm_search (
  vm_id uuid PRIMARY KEY REFERENCES vm ON DELETE CASCADE,
  tenant_id text,
  name text NOT NULL,
  -- Each behind a blank, so that "% 10.0." finds where one begins.
  addresses text NOT NULL,
  tags text[] NOT NULL
);

-- skerry.search is JSON: {"name": [ILIKE patterns], "address": [LIKE patterns], "tag": [tags]}, any of which finds.
CREATE FUNCTION skerry_sought(part text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN ARRAY(SELECT jsonb_array_elements_text(nullif(current_setting('skerry.search', true), '')::jsonb -> part));

ALTER TABLE vm_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE vm_search FORCE ROW LEVEL SECURITY;
CREATE POLICY vm_search_read ON vm_search FOR SELECT USING (
  ((SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]))
  AND (name ILIKE ANY ((SELECT skerry_sought('name'))::text[])
    OR addresses LIKE ANY ((SELECT skerry_sought('address'))::text[])
    OR tags && (SELECT skerry_sought('tag'))));
CREATE POLICY vm_search_insert ON vm_search FOR INSERT WITH CHECK (
  (SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));
CREATE POLICY vm_search_update ON vm_search FOR UPDATE USING (
  (SELECT skerry_scope_all()) OR tenant_id = ANY ((SELECT skerry_scope_tenants())::text[]));

CREATE FUNCTION skerry_search_text(addresses text[]) RETURNS text LANGUAGE sql STABLE
  RETURN ' ' || array_to_string(addresses, ' ');

-- Kept by triggers, and by the foreign key when a VM goes.
CREATE FUNCTION skerry_search_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vm_search SELECT id, tenant_id, name, skerry_search_text(addresses), tags FROM changed;
  RETURN NULL;
END $$;
CREATE TRIGGER search_insert AFTER INSERT ON vm REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_search_insert();

CREATE FUNCTION skerry_search_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('skerry.search', '{"name": ["%"]}', true);
  UPDATE vm_search SET tenant_id = NEW.tenant_id, name = NEW.name, addresses = skerry_search_text(NEW.addresses),
    tags = NEW.tags WHERE vm_id = NEW.id;
  PERFORM set_config('skerry.search', '', true);
  RETURN NULL;
END $$;
CREATE TRIGGER search_update AFTER UPDATE OF tenant_id, name, addresses, tags ON vm FOR EACH ROW
  WHEN ((OLD.tenant_id, OLD.name, OLD.addresses, OLD.tags)
    IS DISTINCT FROM (NEW.tenant_id, NEW.name, NEW.addresses, NEW.tags))
  EXECUTE FUNCTION skerry_search_update();

SET skerry.scope = '*';
INSERT INTO vm_search SELECT id, tenant_id, name, skerry_search_text(addresses), tags FROM vm;
RESET skerry.scope;

CREATE INDEX vm_search_parts ON vm_search USING gin (name gin_trgm_ops, addresses gin_trgm_ops, tags);
CREATE INDEX vm_search_tenant_id_idx ON vm_search (tenant_id);

-- Ids of what is sought within the scope; null when there are more than `most`. Planned anew for each scope: a tenant of
-- few VMs is read whole, one of many through the index of what is sought.
CREATE FUNCTION skerry_search(sought jsonb, most integer) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  found uuid[];
BEGIN
  PERFORM set_config('skerry.search', sought::text, true);
  IF skerry_scope_all() THEN
    EXECUTE 'SELECT array_agg(vm_id) FROM (SELECT vm_id FROM vm_search LIMIT $1) AS found' INTO found USING most + 1;
  ELSE
    EXECUTE 'SELECT array_agg(vm_id) FROM (SELECT vm_id FROM vm_search WHERE tenant_id = ANY ($2) LIMIT $1) AS found'
      INTO found USING most + 1, skerry_scope_tenants();
  END IF;
  PERFORM set_config('skerry.search', '', true);
  RETURN CASE WHEN cardinality(found) > most THEN NULL ELSE coalesce(found, '{}') END;
END $$;
