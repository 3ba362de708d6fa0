"""The measurements of figures.sh."""

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from coordinator import Coordinator, event_count, query

BATON, DATA, EVENTS = sys.argv[1], sys.argv[2], int(sys.argv[3])
# A log that is there already; empty for one that is made.
DATABASE = sys.argv[4]
# Of each question, the fastest and the middle one are told.
REPEATS = 5
# Handoffs that are measured at the beginning of the log and at its end.
APPEND_SECONDS = 5.0


def seconds(*arguments):
    """The times that `baton` takes for it, its start included."""
    times = []
    for _ in range(REPEATS):
        begin = time.monotonic()
        subprocess.run(
            [BATON, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        times.append(time.monotonic() - begin)
    return times


def tell(what, value, unit, rest=""):
    print(f"{what:52}{value:14,.3f} {unit}{rest}", flush=True)


def ask(what, *arguments):
    times = seconds(*arguments)
    tell(what, min(times), "s", f"   middle {statistics.median(times):.3f}")
    return min(times)


def handoffs_per_second(coordinator):
    return json.loads(coordinator.bench(APPEND_SECONDS))["handoffs_per_second"]


def grow(directory):
    coordinator = Coordinator(BATON, os.path.join(directory, "registry.db"))
    first = handoffs_per_second(coordinator)
    tell("handoffs/s, 16 pairs, on an empty log", first, "")
    now = event_count(coordinator.database)
    while now < EVENTS:
        coordinator.bench(20.0)
        now = event_count(coordinator.database)
    last = handoffs_per_second(coordinator)
    tell(f"the same, behind {now:,} events", last, "", f"   ratio {last / first:.2f}")
    coordinator.end()
    return coordinator.database


def measure(database):
    events = event_count(database)
    handoffs = query(database, "SELECT count(*) FROM handoff")
    size = os.path.getsize(database)
    tell("events", events, "")
    tell("bytes on disk for each handoff", size / handoffs, "bytes")
    tell("bytes on disk for each event", size / events, "bytes")
    where = ["--database", database]
    start = ask("the start of the program alone", "--version")
    taken = ask("verify", "verify", *where)
    tell("verify, events/s", events / (taken - start), "")
    ask("state at the newest event", "state", "--at", "end", *where)
    # As far behind a snapshot as it gets.
    snapshot = query(database, "SELECT max(seq) FROM snapshot WHERE seq < %d" % (events // 2))
    later = query(database, "SELECT min(seq) FROM snapshot WHERE seq > %d" % snapshot)
    ask(f"state before the next snapshot, #{later - 1}", "state", "--at", f"{later - 1}", *where)
    handoff = query(database, "SELECT max(number) FROM handoff WHERE number < %d" % (events // 2))
    pid = query(database, "SELECT pid FROM process ORDER BY number LIMIT 1")
    name = query(database, "SELECT socket FROM handoff WHERE number = %d" % handoff)
    ask(f"history --handoff {handoff}", "history", "--handoff", f"{handoff}", *where)
    # One socket and one process have a sixteenth of all events: the newest of them are asked for.
    for field, value in (("socket", name), ("pid", pid)):
        ask(f"history --{field} {value} -n 20", "history", f"--{field}", f"{value}", "-n", "20", *where)
    ask("history of a pid that there is not", "history", "--pid", "4000000", *where)
    whole = fold(database)
    tell("all events into state, without snapshots", whole - start, "s")
    tell("the same for a million events", (whole - start) / events * 1e6, "s")


def fold(database):
    """A copy that has no snapshots: a state begins at the first event then."""
    directory = tempfile.mkdtemp(prefix="baton-figures-", dir=DATA)
    try:
        copy = os.path.join(directory, "registry.db")
        source = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        connection = sqlite3.connect(copy)
        source.backup(connection)
        source.close()
        connection.execute("DELETE FROM snapshot")
        connection.commit()
        connection.close()
        return min(seconds("state", "--at", "end", "--database", copy))
    finally:
        shutil.rmtree(directory)


def main():
    if DATABASE:
        return measure(DATABASE)
    directory = tempfile.mkdtemp(prefix="baton-figures-", dir=DATA)
    try:
        measure(grow(directory))
    finally:
        shutil.rmtree(directory)


main()
