#!/bin/sh
# Measures what the coordinator promises to stay within, and prints each figure with its limit:
# memory with 10,000 sockets held, and the time of a start after 10,000 open handoffs, after a tail
# of events that no snapshot covers, and after a long past.
#
#   DATA=. PAST=300000 TAIL=30000 Benchmarks/limits.sh
#
# DATA  a directory on the disk to be measured
# PAST  events of the long past; 1000000 takes some minutes
# TAIL  events after the last snapshot, at most 32,768 of which a start has to read
#
# The status is 1 when a limit is passed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
baton=$here/../.build/release/baton
if ! command -v python3 >/dev/null; then
    echo "limits: missing: python3" >&2
    echo "  apt-get install -y python3" >&2
    exit 2
fi
if [ ! -x "$baton" ]; then
    echo "limits: there is no $baton: swift build -c release --product baton" >&2
    exit 2
fi
exec python3 "$here/limits.py" "$baton" "${DATA:-.}" "${PAST:-300000}" "${TAIL:-30000}"
