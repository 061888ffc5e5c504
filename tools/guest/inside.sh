#!/bin/bash
# What happens inside the guest, from the kernel's first program to the command's exit status.
#
# Knows: how the host's root becomes a copy that may be written, which modules and interfaces a test
# needs, and how systemd is given no more to do than that. Refuses to know: how the kernel is
# started, watched and ended, which is guest.py.
#
#   inside.sh enter SCRATCH     the first program: the host's root, read-only, becomes a copy
#   inside.sh settle SCRATCH    the first program, in that copy: file systems, modules, interfaces
#   inside.sh perform SCRATCH   runs the command, notes its exit status, switches the guest off
#
# SCRATCH is the runner's folder, which is really written: "order" comes in, "status" goes out. What
# this script itself has to say goes to the console, which the runner shows if the guest ends early.
set -u
stage=$1 scratch=$2
here=$(dirname "$(readlink -f "$0")")
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. "$scratch/order" # systemd, folder, host_path, writable, words, environment

# The consoles of guest.py: the command's two streams.
stdout=/dev/tty0 stderr=/dev/tty1

switch_off() {
    sync
    echo o >/proc/sysrq-trigger
    exec sleep 60
}

stop() {
    echo "guest: $*"
    switch_off
}

first_program_only() {
    # Everything below mounts over the root it finds. Only the guest's own is meant.
    [ $$ -eq 1 ] || { echo "inside.sh: runs as the guest's first program only" >&2; exit 2; }
}

enter() {
    first_program_only
    echo "guest: entered"
    mount -n -t proc proc /proc
    mount -n -t sysfs sysfs /sys
    mount -n -t tmpfs tmpfs /mnt
    mkdir /mnt/changed /mnt/work /mnt/root
    local modules
    modules=/usr/lib/uml/modules/$(uname -r)
    insmod "$modules/kernel/fs/overlayfs/overlay.ko" || stop "the overlay module does not load"
    mount -n -t overlay -o lowerdir=/,upperdir=/mnt/changed,workdir=/mnt/work overlay /mnt/root ||
        stop "the host's root cannot be overlaid"
    for each in dev proc sys; do
        mount -n --move "/$each" "/mnt/root/$each"
    done
    cd /mnt/root || stop "there is no new root"
    mkdir -p lib/modules && ln -sfn "$modules" "lib/modules/$(uname -r)"
    pivot_root . mnt || stop "the root cannot be changed"
    umount -n -l /mnt
    exec chroot . /bin/bash "$here/inside.sh" settle "$scratch"
}

settle() {
    first_program_only
    # Bytes go through the two consoles as they are, and nothing is echoed.
    stty -F $stdout raw -echo
    stty -F $stderr raw -echo
    mkdir -p /dev/pts /dev/shm
    mount -n -t devpts -o ptmxmode=0666 devpts /dev/pts
    mount -n -t tmpfs -o mode=1777 tmpfs /dev/shm
    mount -n -t tmpfs -o mode=755 tmpfs /run
    for each in "$scratch" "${writable[@]}"; do
        mkdir -p "$each" # /dev/shm and /run are the guest's own
        mount -n -t hostfs -o "$each" none "$each" || stop "$each cannot be mounted"
    done
    modprobe -a can-raw can-bcm vcan slcan || stop "the CAN modules do not load"
    echo guest >/proc/sys/kernel/hostname
    # Two buses that carry CAN FD, and one that carries classic frames only.
    ip -batch - <<'LINKS' || stop "the virtual CAN interfaces do not come up"
link set lo up
link add dev vcan0 type vcan
link add dev vcan1 type vcan
link add dev vcan2 type vcan
link set vcan0 mtu 72 up
link set vcan1 mtu 72 up
link set vcan2 mtu 16 up
LINKS
    [ -z "$systemd" ] || start_systemd
    exec /bin/bash "$here/inside.sh" perform "$scratch"
}

start_systemd() {
    # Of the host's own services none is started: only what a service's default dependencies, the
    # journal and D-Bus need. Else the boot takes half a minute.
    local units=/lib/systemd/system
    for each in /etc/systemd/system /lib/systemd/system-generators \
        $units/{sysinit,basic,sockets,timers,paths,local-fs,multi-user}.target.wants; do
        [ ! -d $each ] || mount -n -t tmpfs -o mode=755 tmpfs $each
    done
    echo 0123456789abcdef0123456789abcdef >/etc/machine-id
    echo guest >/etc/hostname
    cat >/etc/systemd/system/guest.target <<'UNIT'
[Unit]
Description=What the guest is for
Requires=basic.target
Wants=systemd-journald.socket systemd-journald-dev-log.socket dbus.socket guest-command.service
After=basic.target
UNIT
    cat >/etc/systemd/system/guest-command.service <<UNIT
[Unit]
Description=The command that the guest was started for
After=basic.target systemd-journald.socket dbus.socket
[Service]
Type=exec
ExecStart=/bin/bash "$here/inside.sh" perform "$scratch"
UNIT
    exec env -i PATH="$PATH" /lib/systemd/systemd --unit=guest.target --show-status=no \
        </dev/null >/dev/null 2>&1
}

perform() {
    PATH=$host_path
    environment
    # The streams are terminals here, and the one who reads them has none.
    export TERM=dumb NO_COLOR=1 SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat
    (cd "$folder" && exec "${words[@]}") </dev/null >$stdout 2>$stderr
    local status=$?
    PATH=/usr/sbin:/usr/bin:/sbin:/bin
    # Setting a terminal waits until all that was written to it has left.
    stty -F $stdout raw
    stty -F $stderr raw
    echo $status >"$scratch/status"
    switch_off
}

$stage
