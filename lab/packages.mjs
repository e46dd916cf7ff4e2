/**
 * Debian and Ubuntu packages the lab needs, and what each is for. Plain JavaScript, so that an installer can read it before anything is set up.
 * Install with `apt-get install --no-install-recommends`; `apt-get update` must have run once, because the guest's kernel comes from apt too.
 */
export const labPackages = [
  { name: 'qemu-system-x86', binary: '/usr/bin/qemu-system-x86_64', purpose: 'runs the virtual machines' },
  { name: 'qemu-utils', binary: '/usr/bin/qemu-img', purpose: 'makes and compares their disks' },
  { name: 'libvirt-daemon', binary: '/usr/sbin/libvirtd', purpose: 'the hypervisor daemon of each host' },
  { name: 'libvirt-clients', binary: '/usr/bin/virsh', purpose: 'defines guests and proves results' },
  { name: 'busybox-static', binary: '/bin/busybox', purpose: 'the programs inside a guest, and its addresses by DHCP' },
  { name: 'cpio', binary: '/usr/bin/cpio', purpose: 'packs the guest' },
  { name: 'syslinux', binary: '/usr/bin/syslinux', purpose: 'boots a guest from its own disk' },
  { name: 'syslinux-common', binary: '/usr/lib/syslinux/mbr/mbr.bin', purpose: 'the boot sector of that disk' },
  { name: 'mtools', binary: '/usr/bin/mformat', purpose: 'fills the boot partition of that disk' },
  { name: 'e2fsprogs', binary: '/usr/sbin/mkfs.ext4', purpose: 'fills the data partition of that disk' },
  {
    name: 'genisoimage',
    binary: '/usr/bin/genisoimage',
    purpose: 'makes the seed disc of a guest (cloud-init NoCloud)',
  },
  { name: 'iproute2', binary: '/usr/sbin/ip', purpose: 'links between hosts' },
  { name: 'nftables', binary: '/usr/sbin/nft', purpose: 'cuts links between sites' },
  { name: 'gnutls-bin', binary: '/usr/bin/certtool', purpose: 'certificates of the hosts' },
  { name: 'xz-utils', binary: '/usr/bin/xz', purpose: 'unpacks kernel modules' },
  { name: 'lz4', binary: '/usr/bin/lz4', purpose: 'unpacks the kernel of a guest' },
  { name: 'zstd', binary: '/usr/bin/zstd', purpose: 'packs the guest, unpacks its modules' },
]
