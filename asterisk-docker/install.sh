#!/bin/bash
# Makes an Asterisk that ccplane can trust: one recipe for the private Debian root and for an image.
#
#   install.sh root DIR     a private Debian root in DIR (as root; returns at once when DIR is whole and of this recipe)
#   install.sh packages     the same packages in place, inside a Debian image
#   install.sh host [test]  what the machine itself needs to run (and to test) ccplane; only what is missing is installed
#   install.sh python       the path of a Python that can run ccplane; installed if this machine has none
#   install.sh mirror       the Debian mirror that would be used
#
# CCPLANE_DEBIAN_MIRROR=URL overrides the mirror; without it the machine's own apt configuration is asked.
# Exit status: 0 done, 2 wrong use, 3 no network or mirror, 4 no rights, 5 no Asterisk that we may use, 1 anything else.
set -euo pipefail

RECIPE=2                                    # count up when what a root contains changes
PACKAGES=(asterisk asterisk-core-sounds-en-wav asterisk-moh-opsound-wav)
SUITES=(forky sid)                          # testing, then unstable
OLDEST=22.10.1                              # earlier 22.x deadlock under an ARI-only load
REFUSED=(22.11.0~rc1)                       # known bad
RUN_TOOLS=(espeak-ng=espeak-ng sox=sox opusenc=opus-tools unshare=util-linux)                    # program=package
ROOT_TOOLS=(debootstrap=debootstrap gpgv=gpgv)
TEST_TOOLS=(sipp=sip-tester baresip=baresip-core chromium=chromium prometheus=prometheus promtool=prometheus)
KEYRINGS=(/usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp)

say()  { echo "asterisk: $*"; }
fail() { local status=$1; shift; echo "asterisk: $*" >&2; exit "$status"; }

# --- the machine ------------------------------------------------------------------------------------------------

need_root() { [ "$(id -u)" = 0 ] || fail 4 "making a Debian root needs root: run this as root (sudo make run)."; }

apt_install() {
    [ "$(id -u)" = 0 ] || fail 4 "this machine lacks: $*. Run this as root, or install them: apt-get install $*"
    command -v apt-get >/dev/null || fail 1 "this machine has no apt; install these by hand: $*"
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 && return
    apt-get update -q >/dev/null 2>&1 || true
    apt-get install -y -q --no-install-recommends "$@" >&2 ||
        fail 3 "apt could not install: $*. See its message above; the network is needed once, then run this again."
}

# Installs the packages whose program is missing; each argument is program=package.
provide() {
    local missing=() pair
    for pair in "$@"; do command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}"); done
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

fit() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Python 3.11 or later with venv: whatever is there, else Debian's own.
python() {
    local each
    for each in python3.13 python3.12 python3.11 python3 /usr/bin/python3; do
        fit "$each" && { command -v "$each"; return; }
    done
    apt_install python3 python3-venv >&2
    fit /usr/bin/python3 || fail 1 "no Python 3.11 or later with venv; this system's python3 is too old." \
                                   "Install one (or uv) and put it on the PATH."
    echo /usr/bin/python3
}

host() {
    provide "${RUN_TOOLS[@]}"
    [ "${1:-}" != test ] || provide "${TEST_TOOLS[@]}"
}

keyring() {
    local file
    for file in "${KEYRINGS[@]}"; do [ -s "$file" ] && { echo "$file"; return; }; done
    return 1
}

# The first http(s) mirror of Debian's own main suite that apt knows. Asking apt itself understands .list, .sources
# and mirror lists alike; other vendors' repositories and Debian's security archive are passed over.
mirror() {
    if [ -n "${CCPLANE_DEBIAN_MIRROR:-}" ]; then echo "$CCPLANE_DEBIAN_MIRROR"; return; fi
    local uri release list
    while read -r uri release; do
        case $release in bookworm|trixie|forky|duke|sid|stable|testing|unstable) ;; *) continue ;; esac
        case $uri in
            http://*|https://*) echo "${uri%/}"; return ;;
            mirror+file:*)
                list=${uri#mirror+file:}
                awk '$1 ~ /^https?:/ { sub(/\/$/, "", $1); print $1; found = 1; exit } END { exit !found }' \
                    "${list%/}" && return ;;
        esac
    done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
             awk '$3 == "main" { print $1, $2 }')
    fail 3 "apt on this machine knows no Debian mirror (on Ubuntu it knows only Ubuntu's)." \
           "Set CCPLANE_DEBIAN_MIRROR=URL to a Debian mirror and run this again."
}

# --- what is good enough ----------------------------------------------------------------------------------------

# Judges a package version such as 1:22.10.1+dfsg+~cs6-1; prints the fault, if any.
judge() {
    local upstream=${1#*:} bad
    upstream=${upstream%%+*}; upstream=${upstream%%-[0-9]*}; upstream=${upstream/-rc/\~rc}
    dpkg --compare-versions "$upstream" ge "$OLDEST" || { echo "$upstream is older than $OLDEST"; return 1; }
    for bad in "${REFUSED[@]}"; do
        [ "$upstream" != "$bad" ] || { echo "$upstream is known to be bad"; return 1; }
    done
}

version_in() { dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${Version}' asterisk; }

# --- what both a root and an image get --------------------------------------------------------------------------

# Music in the phones' codecs: a thousand waiting callers then cost no transcoding. Perl is in every Debian; it reads
# 8 kHz 16-bit mono WAV, which is what the package has, and writes G.711.
encode_music() {
    perl - "$1" <<'PERL'
use strict; use warnings;
sub ulaw { my $s = shift; my $sign = $s < 0 ? 0x80 : 0; $s = -$s if $s < 0; $s = 32635 if $s > 32635; $s += 132;
    my $e = 7; for (my $m = 0x4000; $e > 0 && !($s & $m); $m >>= 1) { $e-- }
    return ~($sign | $e << 4 | ($s >> ($e + 3) & 15)) & 255 }
sub alaw { my $s = shift; my $sign = 0x80; if ($s < 0) { $sign = 0; $s = -$s - 1 } $s = 32767 if $s > 32767;
    my $e = 7; for (my $m = 0x4000; $e > 0 && !($s & $m); $m >>= 1) { $e-- }
    my $c = $e ? $e << 4 | ($s >> ($e + 3) & 15) : $s >> 4; return ($c | $sign) ^ 0x55 }
my @ulaw = map { ulaw($_ < 32768 ? $_ : $_ - 65536) } 0 .. 65535;
my @alaw = map { alaw($_ < 32768 ? $_ : $_ - 65536) } 0 .. 65535;
for my $wav (glob "$ARGV[0]/*.wav") {
    open my $in, '<:raw', $wav or die "$wav: $!"; local $/; my $all = <$in>;
    my ($fmt) = $all =~ /fmt .{4}(.{16})/s or die "$wav: no format"; my ($tag, $channels, $rate, undef, undef, $bits) = unpack 'vvVVvv', $fmt;
    die "$wav: not 8 kHz 16-bit mono\n" unless $tag == 1 && $channels == 1 && $rate == 8000 && $bits == 16;
    my $at = index($all, 'data') + 8; my @samples = unpack 'v*', substr $all, $at;
    (my $stem = $wav) =~ s/\.wav$//;
    for (['ulaw', \@ulaw], ['alaw', \@alaw]) {
        open my $out, '>:raw', "$stem.$_->[0]" or die "$stem: $!";
        print $out pack 'C*', @{$_->[1]}[@samples]; close $out or die "$stem: $!";
    }
    unlink $wav;
}
PERL
}

# Everything a machine that is not looked into does not need; the licences stay.
trim() {
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/usr/share/man/* \
           "$1"/usr/share/locale/* "$1"/usr/share/info/*
    find "$1/usr/share/doc" -type f ! -name copyright -delete
}

# Places where a node mounts its own folders over a read-only root.
finish() {
    mkdir -p "$1/usr/share/asterisk/sounds/ccplane" "$1/etc/asterisk" "$1/var/lib/asterisk" "$1/var/spool/asterisk" \
             "$1/var/log/asterisk" "$1/dev" "$1/proc" "$1/run" "$1/tmp"
    touch "$1/etc/hosts" "$1/etc/resolv.conf"
    encode_music "$1/usr/share/asterisk/moh"
}

packages() {
    need_root
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${PACKAGES[@]}"
    local fault
    fault=$(judge "$(version_in /)") || fail 5 "Asterisk $fault."
    finish ""
    trim ""
}

# --- the private root -------------------------------------------------------------------------------------------

stamp() { echo "recipe $RECIPE: ${PACKAGES[*]}"; }
whole() { [ "$(cat "$1/etc/ccplane-root" 2>/dev/null)" = "$(stamp)" ]; }

# A leftover of a run that was cut off. Its mounts died with its private namespace; should one still be there, it is
# undone first, so that no rm ever walks into the machine's own /dev.
discard() {
    [ -e "$1" ] || return 0
    local point
    awk -v under="$(realpath "$1")/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r |
        while read -r point; do umount -l "$point"; done
    rm -rf --one-file-system "$1"
}

# Debian's signatures are checked; debootstrap's own mounts (/proc, /sys) stay inside a private mount namespace, and it
# ends with this script, however that ends.
bootstrap() {
    local suite=$1 into=$2 from=$3 script=()
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=(/usr/share/debootstrap/scripts/sid)
    setpriv --pdeathsig KILL unshare --mount --propagation private \
        debootstrap --variant=minbase --force-check-gpg --keyring="$(keyring)" --include="$(IFS=,; echo "${PACKAGES[*]}")" \
        "$suite" "$into" "$from" "${script[@]}" >"$into.log" 2>&1
}

why_not() {
    if grep -q -E 'Failed getting release|Couldn.t download|Unable to (connect|resolve)|unable to resolve' "$1"; then
        fail 3 "Debian could not be fetched from $2." \
               "The first start needs that mirror once (about 150 MB): connect this machine, or set" \
               "CCPLANE_DEBIAN_MIRROR=URL to a mirror it reaches, or copy a finished root from another machine to $3." \
               "Then run this again; it goes on from here. Details: $1"
    fi
    tail -5 "$1" >&2
    fail 1 "debootstrap failed; its log is $1. Run this again once the cause is gone."
}

root() {
    local into fault from suite started=$SECONDS faults=()
    into=$(realpath -m "$1")
    whole "$into" && return
    need_root
    mkdir -p "$(dirname "$into")"
    exec 9>"$into.lock"
    flock -n 9 || { say "another run is making $into; waiting for it"; flock 9; }
    whole "$into" && return
    if whole "$into.partial"; then put_in_place "$into"; return; fi
    provide "${ROOT_TOOLS[@]}"
    keyring >/dev/null || apt_install debian-archive-keyring
    unshare --mount true 2>/dev/null ||
        fail 4 "this machine does not allow mounts (a container without CAP_SYS_ADMIN?); a private root needs them."
    from=$(mirror) || exit $?
    for suite in "${SUITES[@]}"; do
        discard "$into.partial"
        say "making a private Debian ($suite) with Asterisk in $into, about a minute"
        bootstrap "$suite" "$into.partial" "$from" || why_not "$into.partial.log" "$from" "$into"
        fault=$(judge "$(version_in "$into.partial")") && break
        faults+=("$suite: $fault;")
    done
    [ -z "$fault" ] || fail 5 "no Asterisk that may be used at $from: ${faults[*]}"
    finish "$into.partial"
    trim "$into.partial"
    stamp >"$into.partial/etc/ccplane-root"     # last: from here on it is whole
    put_in_place "$into"
    say "done in $((SECONDS - started)) s: Asterisk $(version_in "$into")"
}

put_in_place() {
    discard "$1.old"
    [ ! -e "$1" ] || mv "$1" "$1.old"
    mv "$1.partial" "$1"
    discard "$1.old"
    rm -f "$1.partial.log"
}

case "${1:-}" in
    root)     [ $# = 2 ] || fail 2 "which folder? install.sh root DIR"; root "$2" ;;
    packages) packages ;;
    host)     host "${2:-}" ;;
    python)   python ;;
    mirror)   mirror ;;
    judge)    judge "$2" && echo good ;;
    *)        sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
