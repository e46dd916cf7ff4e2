-- What the VM was then, without what is secret: a VM that is gone can be restored where it fits.
ALTER TABLE "recovery_point" ADD COLUMN "shape" JSONB NOT NULL DEFAULT '{}';
CREATE INDEX "recovery_point_vm_uuid_taken_at_idx" ON "recovery_point"("vm_uuid", "taken_at");

DO $$
BEGIN
  PERFORM set_config('skerry.scope', '*', true);
  UPDATE recovery_point SET shape = jsonb_build_object(
    'vcpuCount', vm.vcpu_count, 'memoryBytes', vm.memory_bytes, 'architecture', vm.architecture,
    'machineType', vm.machine_type, 'cpuMode', vm.cpu_mode, 'accelerator', vm.accelerator::text,
    'cards', coalesce((SELECT jsonb_agg(jsonb_build_object('mac', mac, 'network', network_name))
      FROM vm_interface WHERE vm_interface.vm_id = vm.id), '[]'::jsonb))
  FROM vm WHERE vm.id = recovery_point.vm_id;
END $$;
