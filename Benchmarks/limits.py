"""The measurements of limits.sh."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BATON, DATA, PAST, TAIL = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
HERE = os.path.dirname(os.path.abspath(__file__))
HELD = 10_000
MEMORY_LIMIT_KIB = 64 * 1024
START_LIMIT_SECONDS = 1.0
# A snapshot is written each so many events.
SNAPSHOT_INTERVAL = 32_768
passed = []
children = []


def report(what, value, unit, limit):
    passed.append(value <= limit)
    word = "within" if passed[-1] else "ABOVE"
    print(f"{what:58}{value:10.2f} {unit:4} {word} {limit:g} {unit}", flush=True)


class Coordinator:
    """`baton serve` on a database, from its start to READY=1."""

    def __init__(self, database):
        self.database = database
        directory = os.path.dirname(database)
        self.path = os.path.join(directory, "coordinator.sock")
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = os.path.join(directory, "notify")
        if os.path.exists(name):
            os.unlink(name)
        notifications.bind(name)
        notifications.settimeout(120)
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [BATON, "serve", "--no-keeper", "--socket", self.path, "--database", database]
            + ["--log-level", "error"],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": name},
        )
        children.append(self.process)
        try:
            text = notifications.recv(4096)
        except socket.timeout:
            self.end(signal.SIGKILL)
            sys.exit("limits: the coordinator does not start within 120 s")
        self.start_seconds = time.monotonic() - begin
        if not text.startswith(b"READY=1"):
            sys.exit(f"limits: the coordinator says {text!r}")
        notifications.close()

    def kibibytes(self, field):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        sys.exit(f"limits: there is no {field}")

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(timeout=120)

    def bench(self, seconds):
        subprocess.run(
            [BATON, "bench", "--socket", self.path, "--database", self.database]
            + ["--pairs", "16", "--seconds", f"{seconds:.1f}", "-o", "json"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=seconds * 1.15 + 120,
        )


def query(database, sql):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()[0] or 0
    finally:
        connection.close()


def event_count(database):
    return query(database, "SELECT max(seq) + 1 FROM event")


def uncovered(database):
    return event_count(database) - query(database, "SELECT max(seq) FROM snapshot")


def measured_start(what, database):
    """Starts on it after a kill; the coordinator goes on."""
    coordinator = Coordinator(database)
    report(f"start with {what}", coordinator.start_seconds, "s", START_LIMIT_SECONDS)
    return coordinator


def held(directory):
    """Memory with tickets held, and a start after a kill with all of them open."""
    coordinator = Coordinator(os.path.join(directory, "registry.db"))
    before = coordinator.kibibytes("VmRSS")
    holder = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "hold.py"), coordinator.path, str(HELD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    children.append(holder)
    if not holder.stdout.readline():
        sys.exit(f"limits: cannot issue {HELD} handoffs; is RLIMIT_NOFILE below {2 * HELD}?")
    print(f"{'memory of the coordinator before':58}{before / 1024:10.2f} MiB")
    for field, words in (("VmRSS", "memory"), ("VmHWM", "highest memory so far")):
        value = coordinator.kibibytes(field) / 1024
        report(f"{words} with {HELD} tickets held", value, "MiB", MEMORY_LIMIT_KIB / 1024)
    coordinator.end(signal.SIGKILL)
    coordinator = measured_start(f"{HELD} open handoffs", coordinator.database)
    coordinator.end(signal.SIGTERM)
    holder.stdin.close()
    holder.wait(timeout=60)


def grow(coordinator, count):
    """Runs handoffs until the log has about so many events, and not many more."""
    seconds = 0.5
    now = event_count(coordinator.database)
    while now < 0.97 * count:
        before, begin = now, time.monotonic()
        coordinator.bench(seconds)
        now = event_count(coordinator.database)
        rate = max(1.0, (now - before) / (time.monotonic() - begin))
        # Half of what is missing, so that the last steps are small.
        seconds = min(10.0, max(0.05, 0.5 * (count - now) / rate))


def tail(directory):
    """A start that has to read events which no snapshot covers."""
    wanted = min(TAIL, SNAPSHOT_INTERVAL - 1)
    coordinator = Coordinator(os.path.join(directory, "registry.db"))
    grow(coordinator, wanted)
    coordinator.end(signal.SIGKILL)
    count = uncovered(coordinator.database)
    coordinator = measured_start(f"{count} events after the last snapshot", coordinator.database)
    coordinator.end(signal.SIGKILL)


def past(directory):
    """A start after a long past: snapshots keep it short."""
    coordinator = Coordinator(os.path.join(directory, "registry.db"))
    grow(coordinator, PAST)
    coordinator.end(signal.SIGKILL)
    count, rest = event_count(coordinator.database), uncovered(coordinator.database)
    coordinator = measured_start(f"{count} events, {rest} after a snapshot", coordinator.database)
    coordinator.end(signal.SIGTERM)
    coordinator = measured_start(f"{count} events, stopped in peace", coordinator.database)
    coordinator.end(signal.SIGTERM)


def main():
    if PAST < 1_000_000:
        print(f"a past of {PAST} events; PAST=1000000 measures a million", flush=True)
    for measure in (held, tail, past):
        directory = tempfile.mkdtemp(prefix="baton-limits-", dir=DATA)
        try:
            measure(directory)
        finally:
            for child in children:
                child.kill()
                child.wait()
            children.clear()
            shutil.rmtree(directory)
    sys.exit(0 if all(passed) else 1)


main()
