"""The measurements of figures.sh."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

BATON, DATA, EVENTS = sys.argv[1], sys.argv[2], int(sys.argv[3])
# Of each question, the fastest and the middle one are told.
REPEATS = 5
# Handoffs that are measured at the beginning of the log and at its end.
APPEND_SECONDS = 5.0


class Coordinator:
    """`baton serve` on a database, as users start it."""

    def __init__(self, directory):
        self.database = os.path.join(directory, "registry.db")
        self.path = os.path.join(directory, "coordinator.sock")
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = os.path.join(directory, "notify")
        notifications.bind(name)
        notifications.settimeout(120)
        self.process = subprocess.Popen(
            [BATON, "serve", "--no-configuration", "--socket", self.path]
            + ["--database", self.database, "--log-level", "error"],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": name},
        )
        if not notifications.recv(4096).startswith(b"READY=1"):
            sys.exit("figures: the coordinator does not start")

    def bench(self, seconds):
        """Handoffs a second with 16 pairs."""
        done = subprocess.run(
            [BATON, "bench", "--socket", self.path, "--database", self.database]
            + ["--pairs", "16", "--seconds", f"{seconds:.1f}", "-o", "json"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds * 1.15 + 300,
        )
        return json.loads(done.stdout)["handoffs_per_second"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)


def query(database, sql):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()[0] or 0
    finally:
        connection.close()


def count(database):
    return query(database, "SELECT max(seq) + 1 FROM event")


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


def grow(directory):
    coordinator = Coordinator(directory)
    first = coordinator.bench(APPEND_SECONDS)
    tell("handoffs/s, 16 pairs, on an empty log", first, "")
    now = count(coordinator.database)
    while now < EVENTS:
        coordinator.bench(20.0)
        now = count(coordinator.database)
    last = coordinator.bench(APPEND_SECONDS)
    tell(f"the same, behind {now:,} events", last, "", f"   ratio {last / first:.2f}")
    coordinator.end()
    return coordinator.database


def measure(database):
    events = count(database)
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
    copy = database + ".copy"
    shutil.copyfile(database, copy)
    connection = sqlite3.connect(copy)
    connection.execute("DELETE FROM snapshot")
    connection.commit()
    connection.close()
    times = seconds("state", "--at", "end", "--database", copy)
    os.unlink(copy)
    return min(times)


def main():
    directory = tempfile.mkdtemp(prefix="baton-figures-", dir=DATA)
    try:
        measure(grow(directory))
    finally:
        shutil.rmtree(directory)


main()
