-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "site_kind" AS ENUM ('region', 'edge', 'emulated_edge');

-- CreateEnum
CREATE TYPE "link_state" AS ENUM ('up', 'degraded', 'down', 'unknown');

-- CreateEnum
CREATE TYPE "host_state" AS ENUM ('connecting', 'connected', 'unreachable');

-- CreateEnum
CREATE TYPE "accelerator" AS ENUM ('kvm', 'emulation', 'unknown');

-- CreateEnum
CREATE TYPE "operation_state" AS ENUM ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "actor_kind" AS ENUM ('user', 'api_key', 'system');

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "operator" BOOLEAN NOT NULL DEFAULT false,
    "two_factor_enabled" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "active_tenant_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "access_token" TEXT,
    "refresh_token" TEXT,
    "id_token" TEXT,
    "access_token_expires_at" TIMESTAMPTZ(3),
    "refresh_token_expires_at" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "two_factor" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "backup_codes" TEXT NOT NULL,
    "verified" BOOLEAN NOT NULL DEFAULT true,
    "failed_verification_count" INTEGER NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(3),

    CONSTRAINT "two_factor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "passkey" (
    "id" TEXT NOT NULL,
    "name" TEXT,
    "public_key" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "counter" INTEGER NOT NULL,
    "device_type" TEXT NOT NULL,
    "backed_up" BOOLEAN NOT NULL,
    "transports" TEXT,
    "aaguid" TEXT,
    "created_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "passkey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "config_id" TEXT NOT NULL DEFAULT 'default',
    "name" TEXT,
    "start" TEXT,
    "prefix" TEXT,
    "key" TEXT NOT NULL,
    "reference_id" TEXT NOT NULL,
    "refill_interval" INTEGER,
    "refill_amount" INTEGER,
    "last_refill_at" TIMESTAMPTZ(3),
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "rate_limit_enabled" BOOLEAN NOT NULL DEFAULT true,
    "rate_limit_time_window" INTEGER,
    "rate_limit_max" INTEGER,
    "request_count" INTEGER NOT NULL DEFAULT 0,
    "remaining" INTEGER,
    "last_request" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "permissions" TEXT,
    "metadata" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "last_request" BIGINT NOT NULL,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "logo" TEXT,
    "metadata" TEXT,
    "quota_vcpus" INTEGER,
    "quota_memory_bytes" BIGINT,
    "quota_disk_bytes" BIGINT,
    "quota_vms" INTEGER,
    "quota_snapshots" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant_member" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant_invitation" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT,
    "status" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "inviter_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "saved_view" (
    "id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "page" TEXT NOT NULL,
    "query" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "saved_view_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "site" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "kind" "site_kind" NOT NULL,
    "place" TEXT,
    "latitude" DOUBLE PRECISION NOT NULL,
    "longitude" DOUBLE PRECISION NOT NULL,
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "site_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "link" (
    "id" UUID NOT NULL,
    "from_site_id" UUID NOT NULL,
    "to_site_id" UUID NOT NULL,
    "state" "link_state" NOT NULL DEFAULT 'unknown',
    "round_trip_ms" DOUBLE PRECISION,
    "bits_per_second" BIGINT,
    "checked_at" TIMESTAMPTZ(3),

    CONSTRAINT "link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host" (
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "uri" TEXT NOT NULL,
    "state" "host_state" NOT NULL DEFAULT 'connecting',
    "state_reason" TEXT,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "accelerator" "accelerator" NOT NULL DEFAULT 'unknown',
    "accelerator_reason" TEXT,
    "host_uuid" UUID,
    "hostname" TEXT,
    "architecture" TEXT,
    "cpu_model" TEXT,
    "cpu_count" INTEGER NOT NULL DEFAULT 0,
    "cpu_mhz" INTEGER NOT NULL DEFAULT 0,
    "cpu_features" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "machine_types" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "memory_bytes" BIGINT NOT NULL DEFAULT 0,
    "memory_free_bytes" BIGINT NOT NULL DEFAULT 0,
    "cpu_usage" DOUBLE PRECISION,
    "libvirt_version" TEXT,
    "hypervisor_version" TEXT,
    "migration_uri" TEXT,
    "credential" BYTEA,
    "last_seen_at" TIMESTAMPTZ(3),
    "worker_id" TEXT,
    "lease_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_device" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "vendor" TEXT,
    "product" TEXT,
    "driver" TEXT,
    "parent" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "host_device_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "storage_pool" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "path" TEXT,
    "active" BOOLEAN NOT NULL,
    "capacity_bytes" BIGINT NOT NULL DEFAULT 0,
    "allocation_bytes" BIGINT NOT NULL DEFAULT 0,
    "available_bytes" BIGINT NOT NULL DEFAULT 0,
    "shared_key" TEXT,

    CONSTRAINT "storage_pool_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "volume" (
    "id" UUID NOT NULL,
    "storage_pool_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "format" TEXT,
    "capacity_bytes" BIGINT NOT NULL,
    "allocation_bytes" BIGINT NOT NULL,
    "backing_path" TEXT,

    CONSTRAINT "volume_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "network" (
    "id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "bridge" TEXT,
    "cidr" TEXT,
    "active" BOOLEAN NOT NULL,
    "autostart" BOOLEAN NOT NULL,

    CONSTRAINT "network_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "template" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "operating_system" TEXT NOT NULL,
    "pool_name" TEXT NOT NULL,
    "volume_name" TEXT NOT NULL,
    "cloud_init" BOOLEAN NOT NULL DEFAULT false,
    "min_memory_bytes" BIGINT NOT NULL,
    "min_disk_bytes" BIGINT NOT NULL,
    "default_vcpus" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "template_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vm" (
    "id" UUID NOT NULL,
    "uuid" UUID NOT NULL,
    "tenant_id" TEXT,
    "host_id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "notes" TEXT NOT NULL DEFAULT '',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "state" TEXT NOT NULL,
    "state_reason" TEXT,
    "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "vcpu_count" INTEGER NOT NULL,
    "memory_bytes" BIGINT NOT NULL,
    "disk_bytes" BIGINT NOT NULL DEFAULT 0,
    "addresses" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "architecture" TEXT NOT NULL DEFAULT 'x86_64',
    "machine_type" TEXT,
    "cpu_mode" TEXT,
    "accelerator" "accelerator" NOT NULL DEFAULT 'unknown',
    "persistent" BOOLEAN NOT NULL DEFAULT true,
    "autostart" BOOLEAN NOT NULL DEFAULT false,
    "protected" BOOLEAN NOT NULL DEFAULT false,
    "agent_connected" BOOLEAN NOT NULL DEFAULT false,
    "snapshot_count" INTEGER NOT NULL DEFAULT 0,
    "graphics" JSONB NOT NULL DEFAULT '[]',
    "xml" TEXT NOT NULL DEFAULT '',
    "template_id" UUID,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "disk" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "target" TEXT NOT NULL,
    "bus" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "source" TEXT,
    "format" TEXT,
    "pool_name" TEXT,
    "volume_name" TEXT,
    "backing_path" TEXT,
    "capacity_bytes" BIGINT NOT NULL DEFAULT 0,
    "allocation_bytes" BIGINT NOT NULL DEFAULT 0,
    "read_only" BOOLEAN NOT NULL DEFAULT false,
    "shareable" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "disk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vm_interface" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "mac" TEXT NOT NULL,
    "model" TEXT,
    "network_name" TEXT,
    "bridge" TEXT,
    "device" TEXT,
    "addresses" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "link_up" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "vm_interface_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vm_stat" (
    "vm_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "cpu_usage" DOUBLE PRECISION NOT NULL,
    "memory_used_bytes" BIGINT,
    "disk_read_bytes_per_second" DOUBLE PRECISION NOT NULL,
    "disk_write_bytes_per_second" DOUBLE PRECISION NOT NULL,
    "disk_reads_per_second" DOUBLE PRECISION NOT NULL,
    "disk_writes_per_second" DOUBLE PRECISION NOT NULL,
    "network_receive_bits_per_second" DOUBLE PRECISION NOT NULL,
    "network_transmit_bits_per_second" DOUBLE PRECISION NOT NULL,
    "interval_seconds" DOUBLE PRECISION NOT NULL,
    "cpu_series" DOUBLE PRECISION[],
    "memory_series" DOUBLE PRECISION[],
    "disk_series" DOUBLE PRECISION[],
    "network_series" DOUBLE PRECISION[],

    CONSTRAINT "vm_stat_pkey" PRIMARY KEY ("vm_id")
);

-- CreateTable
CREATE TABLE "vm_event" (
    "id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "host_id" UUID,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "detail" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "vm_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operation" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "tenant_id" TEXT,
    "target_kind" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "target_name" TEXT NOT NULL,
    "exclusive" BOOLEAN NOT NULL DEFAULT true,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "request_id" TEXT,
    "idempotency_key" TEXT,
    "parent_id" UUID,
    "state" "operation_state" NOT NULL DEFAULT 'queued',
    "step" TEXT,
    "step_index" INTEGER NOT NULL DEFAULT 0,
    "step_count" INTEGER NOT NULL DEFAULT 0,
    "phase" TEXT,
    "progress_done" BIGINT,
    "progress_total" BIGINT,
    "progress_unit" TEXT,
    "rate_per_second" DOUBLE PRECISION,
    "remaining_ms" INTEGER,
    "input" JSONB NOT NULL,
    "result" JSONB,
    "error" JSONB,
    "undone" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "cancel_requested_at" TIMESTAMPTZ(3),
    "cancel_requested_by" TEXT,
    "host_id" UUID,
    "destination_host_id" UUID,
    "reserved_vcpus" INTEGER NOT NULL DEFAULT 0,
    "reserved_memory_bytes" BIGINT NOT NULL DEFAULT 0,
    "reserved_disk_bytes" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "operation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "chain" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tenant_id" TEXT,
    "actor_kind" "actor_kind" NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource_kind" TEXT NOT NULL,
    "resource_id" TEXT,
    "resource_name" TEXT,
    "outcome" TEXT NOT NULL,
    "origin" TEXT,
    "user_agent" TEXT,
    "request_id" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "chain" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("chain")
);

-- CreateTable
CREATE TABLE "worker" (
    "id" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "worker_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE INDEX "account_user_id_idx" ON "account"("user_id");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE INDEX "two_factor_user_id_idx" ON "two_factor"("user_id");

-- CreateIndex
CREATE INDEX "passkey_user_id_idx" ON "passkey"("user_id");

-- CreateIndex
CREATE INDEX "passkey_credential_id_idx" ON "passkey"("credential_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_key_key" ON "api_key"("key");

-- CreateIndex
CREATE INDEX "api_key_reference_id_idx" ON "api_key"("reference_id");

-- CreateIndex
CREATE INDEX "api_key_config_id_idx" ON "api_key"("config_id");

-- CreateIndex
CREATE UNIQUE INDEX "rate_limit_key_key" ON "rate_limit"("key");

-- CreateIndex
CREATE UNIQUE INDEX "tenant_slug_key" ON "tenant"("slug");

-- CreateIndex
CREATE INDEX "tenant_member_user_id_idx" ON "tenant_member"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "tenant_member_tenant_id_user_id_key" ON "tenant_member"("tenant_id", "user_id");

-- CreateIndex
CREATE INDEX "tenant_invitation_tenant_id_idx" ON "tenant_invitation"("tenant_id");

-- CreateIndex
CREATE INDEX "tenant_invitation_email_idx" ON "tenant_invitation"("email");

-- CreateIndex
CREATE UNIQUE INDEX "saved_view_user_id_page_name_key" ON "saved_view"("user_id", "page", "name");

-- CreateIndex
CREATE UNIQUE INDEX "site_name_key" ON "site"("name");

-- CreateIndex
CREATE UNIQUE INDEX "site_slug_key" ON "site"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "link_from_site_id_to_site_id_key" ON "link"("from_site_id", "to_site_id");

-- CreateIndex
CREATE UNIQUE INDEX "host_name_key" ON "host"("name");

-- CreateIndex
CREATE UNIQUE INDEX "host_uri_key" ON "host"("uri");

-- CreateIndex
CREATE INDEX "host_site_id_idx" ON "host"("site_id");

-- CreateIndex
CREATE UNIQUE INDEX "host_device_host_id_name_key" ON "host_device"("host_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "storage_pool_host_id_name_key" ON "storage_pool"("host_id", "name");

-- CreateIndex
CREATE INDEX "volume_path_idx" ON "volume"("path");

-- CreateIndex
CREATE UNIQUE INDEX "volume_storage_pool_id_name_key" ON "volume"("storage_pool_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "network_host_id_name_key" ON "network"("host_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "template_name_key" ON "template"("name");

-- CreateIndex
CREATE UNIQUE INDEX "template_pool_name_volume_name_key" ON "template"("pool_name", "volume_name");

-- CreateIndex
CREATE UNIQUE INDEX "vm_uuid_key" ON "vm"("uuid");

-- CreateIndex
CREATE INDEX "vm_host_id_idx" ON "vm"("host_id");

-- CreateIndex
CREATE INDEX "vm_site_id_idx" ON "vm"("site_id");

-- CreateIndex
CREATE INDEX "vm_name_id_idx" ON "vm"("name", "id");

-- CreateIndex
CREATE INDEX "vm_tenant_id_name_id_idx" ON "vm"("tenant_id", "name", "id");

-- CreateIndex
CREATE INDEX "vm_tenant_id_state_id_idx" ON "vm"("tenant_id", "state", "id");

-- CreateIndex
CREATE INDEX "vm_tenant_id_memory_bytes_id_idx" ON "vm"("tenant_id", "memory_bytes", "id");

-- CreateIndex
CREATE INDEX "vm_tenant_id_vcpu_count_id_idx" ON "vm"("tenant_id", "vcpu_count", "id");

-- CreateIndex
CREATE INDEX "vm_tenant_id_created_at_id_idx" ON "vm"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "vm_state_id_idx" ON "vm"("state", "id");

-- CreateIndex
CREATE INDEX "vm_memory_bytes_id_idx" ON "vm"("memory_bytes", "id");

-- CreateIndex
CREATE INDEX "vm_vcpu_count_id_idx" ON "vm"("vcpu_count", "id");

-- CreateIndex
CREATE INDEX "vm_created_at_id_idx" ON "vm"("created_at", "id");

-- CreateIndex
CREATE INDEX "vm_tags_idx" ON "vm" USING GIN ("tags");

-- CreateIndex
CREATE INDEX "disk_source_idx" ON "disk"("source");

-- CreateIndex
CREATE UNIQUE INDEX "disk_vm_id_target_key" ON "disk"("vm_id", "target");

-- CreateIndex
CREATE UNIQUE INDEX "vm_interface_vm_id_mac_key" ON "vm_interface"("vm_id", "mac");

-- CreateIndex
CREATE INDEX "vm_event_vm_id_at_idx" ON "vm_event"("vm_id", "at");

-- CreateIndex
CREATE INDEX "operation_tenant_id_created_at_idx" ON "operation"("tenant_id", "created_at");

-- CreateIndex
CREATE INDEX "operation_created_at_idx" ON "operation"("created_at");

-- CreateIndex
CREATE INDEX "operation_target_id_created_at_idx" ON "operation"("target_id", "created_at");

-- CreateIndex
CREATE INDEX "operation_parent_id_idx" ON "operation"("parent_id");

-- CreateIndex
CREATE UNIQUE INDEX "operation_actor_id_idempotency_key_key" ON "operation"("actor_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "audit_entry_tenant_id_id_idx" ON "audit_entry"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "audit_entry_actor_id_id_idx" ON "audit_entry"("actor_id", "id");

-- CreateIndex
CREATE INDEX "audit_entry_resource_id_id_idx" ON "audit_entry"("resource_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "audit_entry_chain_sequence_key" ON "audit_entry"("chain", "sequence");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "two_factor" ADD CONSTRAINT "two_factor_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "passkey" ADD CONSTRAINT "passkey_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenant_member" ADD CONSTRAINT "tenant_member_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenant_member" ADD CONSTRAINT "tenant_member_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenant_invitation" ADD CONSTRAINT "tenant_invitation_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenant_invitation" ADD CONSTRAINT "tenant_invitation_inviter_id_fkey" FOREIGN KEY ("inviter_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "saved_view" ADD CONSTRAINT "saved_view_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "link" ADD CONSTRAINT "link_from_site_id_fkey" FOREIGN KEY ("from_site_id") REFERENCES "site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "link" ADD CONSTRAINT "link_to_site_id_fkey" FOREIGN KEY ("to_site_id") REFERENCES "site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host" ADD CONSTRAINT "host_site_id_fkey" FOREIGN KEY ("site_id") REFERENCES "site"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_device" ADD CONSTRAINT "host_device_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "storage_pool" ADD CONSTRAINT "storage_pool_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "volume" ADD CONSTRAINT "volume_storage_pool_id_fkey" FOREIGN KEY ("storage_pool_id") REFERENCES "storage_pool"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "network" ADD CONSTRAINT "network_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vm" ADD CONSTRAINT "vm_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vm" ADD CONSTRAINT "vm_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "disk" ADD CONSTRAINT "disk_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vm_interface" ADD CONSTRAINT "vm_interface_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vm_stat" ADD CONSTRAINT "vm_stat_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vm_event" ADD CONSTRAINT "vm_event_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vm"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operation" ADD CONSTRAINT "operation_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operation" ADD CONSTRAINT "operation_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "operation"("id") ON DELETE SET NULL ON UPDATE CASCADE;


