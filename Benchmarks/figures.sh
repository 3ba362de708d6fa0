#!/bin/sh
# Measures what docs/figures.md says of the log: how fast it is verified, brought into a state and
# asked, what it takes on disk, and whether appending slows down as it grows.
#
#   DATA=. EVENTS=1000000 Benchmarks/figures.sh
#
# DATA      a directory on the disk to be measured
# EVENTS    how long the log is made; each million takes about a minute and 0.5 GB
# DATABASE  a log that is there, to be asked instead of one that is made; nothing is written to it
set -eu
here=$(cd "$(dirname "$0")" && pwd)
baton=$here/../.build/release/baton
if ! command -v python3 >/dev/null; then
    echo "figures: missing: python3" >&2
    echo "  apt-get install -y python3" >&2
    exit 2
fi
if [ ! -x "$baton" ]; then
    echo "figures: there is no $baton: ./run build" >&2
    exit 2
fi
exec python3 "$here/figures.py" "$baton" "${DATA:-.}" "${EVENTS:-1000000}" "${DATABASE:-}"
