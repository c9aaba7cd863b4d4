#!/bin/sh
# Installs the Debian packages that the end-to-end tests need and the machine
# lacks, without starting any of their services. Prints one line for each.
# Needs root only where something is missing. Run it from anywhere, as often as
# you like.
set -eu

packages="dokuwiki php-cli php-xml chromium redmine redmine-sqlite puma etcd-server libsqlite3-dev"
policy=/usr/sbin/policy-rc.d

command -v apt-get >/dev/null || {
	echo "setup.sh: this is not Debian: install by hand what corresponds to: $packages" >&2
	exit 1
}

missing=
for package in $packages; do
	if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ]; then
		echo "$package: there"
	else
		missing="$missing $package"
	fi
done
[ -n "$missing" ] || exit 0

[ "$(id -u)" = 0 ] || {
	echo "setup.sh: run as root (sudo) to install:$missing" >&2
	exit 1
}

# Packages ask this program whether they may start their services.
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "setup.sh: apt-get could not install:$missing (whole output in $log)" >&2
	exit 1
fi
rm -f "$log"
for package in $missing; do
	echo "$package: installed"
done
