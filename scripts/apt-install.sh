#!/bin/sh
# apt-install.sh PACKAGE...  (as root) installs Debian packages unattended; the services among them are neither started
# now nor at the next boot: the tests start their own, with their own settings.
set -eu
export DEBIAN_FRONTEND=noninteractive

# The links that make systemd start something at boot.
boot_links() { find /etc/systemd/system -type l \( -name '*.service' -o -name '*.socket' \) 2>/dev/null | sort; }

# invoke-rc.d asks this file whether a service may start; 101 means no. Whatever stood there is put back.
policy=/usr/sbin/policy-rc.d
work=$(mktemp -d)
leave() {
    rm -f "$policy"
    if [ -e "$work/policy" ]; then mv "$work/policy" "$policy"; fi
    boot_links | comm -13 "$work/links" - | xargs -r rm -f
    rm -rf "$work"
}
boot_links >"$work/links"
if [ -e "$policy" ]; then mv "$policy" "$work/policy"; fi
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

# What apt and dpkg tell about success is dropped; what they tell about trouble comes on standard error.
get() { apt-get install --yes --quiet=2 --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null; }

# The lists of a fresh machine are empty, those of an old one name files that are gone: look them up again, once.
get "$@" 2>/dev/null && exit 0
apt-get update --quiet=2 >/dev/null
get "$@" && exit 0
# One package that this release does not have must not keep the others away.
for package; do
    get "$package" || printf 'Could not install the package %s.\n' "$package" >&2
done
