#!/bin/sh
# Boots a machine of its own with systemd as its first process: the files of this
# one below a layer that is thrown away. Started by TestPackageOnAMachine with
# unshare; $1 is the folder that both see, the rest are the folders in it to put
# in place.
set -e
shared=$1
work=$shared/machine
mkdir -p "$work"
mount --make-rprivate /
mount -t tmpfs -o size=1g tmpfs "$work"
root=$work/root
mkdir "$work/upper" "$work/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$root"
mount -t proc proc "$root/proc"
# The kernel and the network are shared with this machine: nothing may set them.
mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/srv/shared" "$root/var/lib/madoguchi"
mount --bind "$shared/files" "$root/srv/shared"
mount --bind "$shared/data" "$root/var/lib/madoguchi"
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-timesyncd.service \
	haproxy.service keepalived.service systemd-logind.service getty.target systemd-binfmt.service \
	systemd-modules-load.service systemd-remount-fs.service systemd-random-seed.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -rf "$root/etc/systemd/system/multi-user.target.wants"
: >"$root/etc/machine-id"
cd "$root"
mkdir -p .old
# Not chroot: what is in one cannot make the user namespaces of PrivateUsers=.
pivot_root . .old
umount -l /.old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target
