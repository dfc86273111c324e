#!/bin/sh
# enter.sh ROOT NODE: becomes an Asterisk inside ROOT that sees NODE's own folders.
#
# Call it under `unshare --mount --propagation private`: every mount below is this process's alone and vanishes with
# it, however it dies. ROOT is mounted read-only, so several nodes run from one root at the same time. Asterisk keeps
# the uid, for its folders, and loses every capability: inside it can neither mount nor leave.
set -eu
root=$1 node=$2

bind() { mount --bind "$1" "$root$2"; }

mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=755,size=1m run "$root/run"
mount -t tmpfs -o mode=1777,size=256m tmp "$root/tmp"
mkdir "$root/run/asterisk"
bind "$node/etc" /etc/asterisk
bind "$node/lib" /var/lib/asterisk
bind "$node/log" /var/log/asterisk
bind "$node/run" /run/asterisk
bind "$node/spool" /var/spool/asterisk
bind "$node/sounds" /usr/share/asterisk/sounds/ccplane
bind "$node/hosts" /etc/hosts
[ ! -e /etc/resolv.conf ] || bind /etc/resolv.conf /etc/resolv.conf

mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=755,size=64k dev "$root/dev"
for name in null zero full random urandom tty; do       # bound, not made: mknod is refused in many containers
    touch "$root/dev/$name"
    bind "/dev/$name" "/dev/$name"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

ulimit -n 65536 2>/dev/null || true
renice -n -5 -p $$ >/dev/null 2>&1 || true      # sound goes every 20 ms, before whatever else this machine has to do
cd /
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 HOME=/tmp TERM=dumb \
    setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \
    /usr/sbin/asterisk -f -n -C /etc/asterisk/asterisk.conf
