#!/bin/sh
# Installs what the test on a real Slurm needs, where it is missing: Debian's Slurm and munge. Their services are not started;
# the test starts daemons of its own in a temporary folder.
set -eu

missing=
for program in munged slurmctld slurmd sbatch squeue scontrol scancel; do
    command -v "$program" >/dev/null 2>&1 || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "missing:$missing. Debian, Ubuntu: apt install slurm-wlm munge" >&2
    exit 1
fi

# A package must not start its daemon here; whoever decides that otherwise has put such a file there already.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends slurm-wlm munge >/dev/null
