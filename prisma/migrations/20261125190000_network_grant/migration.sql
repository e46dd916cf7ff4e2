-- Which tenants may plug VMs into which networks. Names, since one name on several hosts is one network to a VM.
CREATE TABLE "network_grant" (
    "id" UUID NOT NULL,
    "network_name" TEXT NOT NULL,
    "tenant_id" TEXT,
    "mode" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "network_grant_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "network_grant" ADD CONSTRAINT "network_grant_tenant_id_fkey"
  FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
CREATE UNIQUE INDEX "network_grant_network_name_tenant_id_key" ON "network_grant"("network_name", "tenant_id") NULLS NOT DISTINCT;
CREATE INDEX "network_grant_tenant_id_idx" ON "network_grant"("tenant_id");

-- libvirt's own NAT network leads nowhere but out: open to all, until an operator decides otherwise. Every tenant keeps
-- the networks on which its VMs are today.
DO $$
BEGIN
  PERFORM set_config('skerry.scope', '*', true);
  INSERT INTO network_grant (id, network_name, tenant_id, mode) VALUES (gen_random_uuid(), 'default', NULL, 'nat');
  INSERT INTO network_grant (id, network_name, tenant_id)
    SELECT gen_random_uuid(), network_name, tenant_id
    FROM (SELECT DISTINCT vm_interface.network_name, vm.tenant_id FROM vm_interface JOIN vm ON vm.id = vm_interface.vm_id
      WHERE vm.tenant_id IS NOT NULL AND vm_interface.network_name IS NOT NULL) AS plugged;
END $$;

-- ── row-level security: a tenant sees what was granted to it, and the networks that it may use; operators change both ──
ALTER TABLE network_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE network_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY fleet_scope ON network_grant USING ((SELECT skerry_scope_all()));
CREATE POLICY tenant_scope ON network_grant FOR SELECT
  USING (tenant_id = ANY ((SELECT skerry_scope_tenants())::text[])
    OR (tenant_id IS NULL AND cardinality((SELECT skerry_scope_tenants())) > 0));

ALTER TABLE network ENABLE ROW LEVEL SECURITY;
ALTER TABLE network FORCE ROW LEVEL SECURITY;
CREATE POLICY fleet_scope ON network USING ((SELECT skerry_scope_all()));
CREATE POLICY grant_scope ON network FOR SELECT
  USING (EXISTS (SELECT 1 FROM network_grant AS given
    WHERE given.network_name = name AND coalesce(given.mode, network.mode) = network.mode));

-- ── change notices ──
CREATE TRIGGER notify_insert AFTER INSERT ON network_grant REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('network', 'update', 'SELECT id::text, tenant_id FROM changed');
CREATE TRIGGER notify_update AFTER UPDATE ON network_grant REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('network', 'update', 'SELECT id::text, tenant_id FROM changed');
CREATE TRIGGER notify_delete AFTER DELETE ON network_grant REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('network', 'update', 'SELECT id::text, tenant_id FROM changed');
