#!/bin/sh
# First process of a lab host, in namespaces of its own: $1 its folder, $2 its name, $3 its address with prefix length, $4 its hardware
# address, $5 the guest template, $6... shared folders as NAME=PATH. Says its number as the rest of the machine sees it, then lives until the
# power goes: everything on the host ends with it.
set -eu
read -r pid rest </proc/self/stat
host=$1 name=$2 address=$3 mac=$4 template=$5
shift 5
trap 'echo "the host $name could not be set up" >&2' EXIT

hostname "$name"
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /dev/shm
for pair in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt pki:/etc/pki; do
  mkdir -p "${pair#*:}"
  mount --bind "$host/${pair%%:*}" "${pair#*:}"
done
mount --bind "$host/../hosts" /etc/hosts
# Debian's libvirt insists on a user that only its system package makes, whoever its guests then run as.
cp /etc/passwd "$host/passwd"
cp /etc/group "$host/group"
grep -q '^libvirt-qemu:' /etc/passwd || echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >>"$host/passwd"
grep -q '^libvirt-qemu:' /etc/group || echo 'libvirt-qemu:x:64055:' >>"$host/group"
mount --bind "$host/passwd" /etc/passwd
mount --bind "$host/group" /etc/group
mount --bind "$template" "/var/lib/libvirt/templates/${template##*/}"
mount -o remount,bind,ro "/var/lib/libvirt/templates/${template##*/}"
for share; do mount --bind "${share#*=}" "/var/lib/libvirt/shared/${share%%=*}"; done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/libvirt /run/lock
mount --bind "$host/run" /run/libvirt

ip link set lo up
# The same hardware address after each power failure, as a real machine has: others remember it.
ip link add br0 address "$mac" type bridge
ip addr add "$address" dev br0
ip link set br0 up

trap - EXIT
trap 'exit 0' TERM
echo "$pid"
exec >/dev/null 2>&1
while :; do
  sleep 2147483647 &
  wait
done
