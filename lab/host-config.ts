/** Where things are inside a host. */
export const IMAGES_DIR = '/var/lib/libvirt/images'
export const TEMPLATES_DIR = '/var/lib/libvirt/templates'
export const SHARED_DIR = '/var/lib/libvirt/shared'
/** The libvirt network over the host's bridge, the same on every host, so that a guest finds it wherever it moves. */
export const FLEET_NETWORK = 'fleet'

export interface HostSettings {
  uuid: string
  address: string
  shared: readonly string[]
}

/** The files of a host's /etc/libvirt, by path: daemon, QEMU, storage pools and the network, all started with the daemon. */
export function hostFiles(settings: HostSettings): Map<string, string> {
  const pools = [
    { name: 'default', path: IMAGES_DIR },
    { name: 'templates', path: TEMPLATES_DIR },
    ...settings.shared.map((name) => ({ name, path: `${SHARED_DIR}/${name}` })),
  ]
  const files = new Map([
    ['libvirtd.conf', daemonConfig(settings)],
    ['qemu.conf', qemuConfig(settings)],
    [
      `qemu/networks/${FLEET_NETWORK}.xml`,
      `<network>\n  <name>${FLEET_NETWORK}</name>\n  <forward mode='bridge'/>\n  <bridge name='br0'/>\n</network>\n`,
    ],
  ])
  for (const pool of pools) {
    files.set(
      `storage/${pool.name}.xml`,
      `<pool type='dir'>\n  <name>${pool.name}</name>\n  <target>\n    <path>${pool.path}</path>\n  </target>\n</pool>\n`,
    )
  }
  return files
}

/** Links that make libvirt start an object with the daemon: path of the link, path of its target, both inside /etc/libvirt. */
export function autostartLinks(settings: HostSettings): [string, string][] {
  const pools = ['default', 'templates', ...settings.shared]
  return [
    ...pools.map((name): [string, string] => [`storage/autostart/${name}.xml`, `/etc/libvirt/storage/${name}.xml`]),
    [`qemu/networks/autostart/${FLEET_NETWORK}.xml`, `/etc/libvirt/qemu/networks/${FLEET_NETWORK}.xml`],
  ]
}

function daemonConfig(settings: HostSettings): string {
  return `host_uuid = "${settings.uuid}"
listen_tls = 1
listen_tcp = 0
auth_tls = "none"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
`
}

function qemuConfig(settings: HostSettings): string {
  return `security_driver = "none"
security_default_confined = 0
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
vnc_listen = "0.0.0.0"
default_tls_x509_cert_dir = "/etc/pki/qemu"
migration_address = "0.0.0.0"
migration_host = "${settings.address}"
`
}
