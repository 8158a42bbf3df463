# shellcheck shell=bash disable=SC2034,SC2054
# Shared by prepare and run. Sourced by bash; sets GRAT_LAB_* variables, defines functions.
# depmod and modprobe: a user who is not root has no sbin in PATH on Debian.
PATH=$PATH:/usr/sbin:/sbin

GRAT_LAB_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)

# Everything that is downloaded or built goes here, nothing into the source tree.
if [ -z "${GRAT_LAB_CACHE:-}" ]; then
    if [ -n "${XDG_CACHE_HOME:-}" ]; then GRAT_LAB_CACHE=$XDG_CACHE_HOME/graticule-lab
    elif [ -n "${HOME:-}" ]; then GRAT_LAB_CACHE=$HOME/.cache/graticule-lab
    else GRAT_LAB_CACHE=/var/tmp/graticule-lab-$(id -u); fi
fi

# Exit codes of `run` that do not come from the command itself.
EXIT_UNAVAILABLE=77     # the lab cannot work on this host: callers should SKIP
EXIT_TIMEOUT=124        # the time limit passed
EXIT_BROKEN=125         # the guest died or never reached the command: callers should FAIL

say()         { printf 'lab: %s\n' "$*" >&2; }
unavailable() { say "SKIP: $*"; exit "$EXIT_UNAVAILABLE"; }
broken()      { say "ERROR: $*"; exit "$EXIT_BROKEN"; }

# qemu_cmd ACCEL: the machine's fixed part, in the array QEMU. "pc" + an uncompressed
# vmlinux (entered through its PVH note) boots fastest: no firmware menus, no
# decompression by an emulated CPU.
qemu_cmd() {
    local cpu=max
    [ "$1" = kvm ] && cpu=host
    [ "$1" = tcg ] && set -- "tcg,thread=multi,tb-size=512"
    QEMU=(qemu-system-x86_64 -accel "$1" -machine pc,usb=off,vmport=off -cpu "$cpu"
          -nodefaults -no-user-config -display none -no-reboot
          -kernel "$GRAT_LAB_IMAGE/kernel" -initrd "$GRAT_LAB_IMAGE/initramfs.cpio")
    # panic=-1 with -no-reboot: a guest panic ends QEMU at once instead of hanging.
    KARGS="console=ttyS0 loglevel=4 panic=-1 oops=panic reboot=t mitigations=off nokaslr"
    KARGS="$KARGS no_timer_check tsc=reliable random.trust_cpu=on audit=0"
}

# choose_accel: prints kvm or tcg, nothing if neither can boot our kernel. /dev/kvm being
# there is not proof: some hosts offer a KVM (PVM, nested without full support) that runs
# only modified guests. So boot once for real, and remember the verdict for this boot
# of the host.
choose_accel() {
    local verdict=$GRAT_LAB_IMAGE/accel boot accel
    boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo none)
    if [ -n "${GRAT_LAB_ACCEL:-}" ]; then echo "$GRAT_LAB_ACCEL"; return; fi
    if [ -r "$verdict" ] && read -r b accel <"$verdict" && [ "$b" = "$boot" ]; then
        echo "$accel"; return
    fi
    for accel in kvm tcg; do
        if [ "$accel" = kvm ]; then
            [ -r /dev/kvm ] && [ -w /dev/kvm ] || continue
            [ -d /sys/module/kvm_pvm ] && { say "KVM here is PVM: stock kernels need TCG"; continue; }
        fi
        qemu_cmd "$accel"
        if timeout -k 2 "$([ $accel = kvm ] && echo 10 || echo 60)" "${QEMU[@]}" -m 512 \
               -serial stdio -append "$KARGS lab=probe" </dev/null 2>&1 | grep -q LAB-PROBE-OK
        then
            echo "$boot $accel" >"$verdict.$$" && mv "$verdict.$$" "$verdict"
            echo "$accel"; return
        fi
        say "$accel does not boot the guest kernel"
    done
}
