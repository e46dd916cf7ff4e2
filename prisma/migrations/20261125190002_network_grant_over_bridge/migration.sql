-- A running VM's card on a network over a bridge was known by its bridge alone: its tenant keeps that network too.
DO $$
BEGIN
  PERFORM set_config('skerry.scope', '*', true);
  INSERT INTO network_grant (id, network_name, tenant_id)
    SELECT gen_random_uuid(), name, tenant_id
    FROM (SELECT DISTINCT network.name, vm.tenant_id FROM vm_interface JOIN vm ON vm.id = vm_interface.vm_id
      JOIN network ON network.host_id = vm.host_id AND network.bridge = vm_interface.bridge
      WHERE vm.tenant_id IS NOT NULL AND vm_interface.network_name IS NULL) AS plugged
    ON CONFLICT DO NOTHING;
END $$;
