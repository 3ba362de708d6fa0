#!/bin/sh
# Races `baton bench` against a coordinator in C that does the same six messages and four events
# with less around them: interleaved rounds, so that a host whose clock speed drifts slows both, and
# the ratio within a round is what counts.
#
#   ROUNDS=5 SECS=2 PAIRS="1 16" DATA=. Benchmarks/race.sh
#
# ROUNDS  how often each is run for each number of pairs, in turn; every other round the other first
# SECS    seconds of one run, after a warm-up of 15 % of that
# PAIRS   numbers of pairs of processes, at most 128
# DATA    a directory on the disk to be measured
# BEFORE  another build of Baton, to run against instead of the C coordinator
# OPTIONS of `baton bench`; by default --no-evidence against C, which signs nothing
set -eu
here=$(cd "$(dirname "$0")" && pwd)
baton=$here/../.build/release/baton
ROUNDS=${ROUNDS:-5} SECS=${SECS:-2} PAIRS=${PAIRS:-"1 16"} DATA=${DATA:-.}

missing=
command -v gcc >/dev/null || missing="$missing gcc"
command -v make >/dev/null || missing="$missing make"
command -v python3 >/dev/null || missing="$missing python3"
[ -e /usr/include/openssl/sha.h ] || missing="$missing libssl-dev"
[ -e /usr/include/sqlite3.h ] || missing="$missing libsqlite3-dev"
if [ -n "$missing" ]; then
    echo "race: missing:$missing" >&2
    echo "  apt-get install -y$missing" >&2
    exit 2
fi
if [ ! -x "$baton" ]; then
    echo "race: there is no $baton: swift build -c release --product baton" >&2
    exit 2
fi
floor=$here/../.build/floor_combined
make -s -C "$here/floor" BIN="$floor"
exec python3 "$here/race.py" "$floor" "$baton" "$ROUNDS" "$SECS" "$DATA" $PAIRS
