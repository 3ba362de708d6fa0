"""The measurements of limits.sh."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from coordinator import Coordinator, event_count, query

BATON, DATA, PAST, TAIL = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
HERE = os.path.dirname(os.path.abspath(__file__))
HELD = 10_000
MEMORY_LIMIT_KIB = 64 * 1024
START_LIMIT_SECONDS = 1.0
RECOVERY_LIMIT_SECONDS = 2.0
# A snapshot is written each so many events.
SNAPSHOT_INTERVAL = 32_768
# The kind of `coordinator.recovered`.
RECOVERED = 7
passed = []
children = []


def report(what, value, unit, limit):
    passed.append(value <= limit)
    word = "within" if passed[-1] else "ABOVE"
    print(f"{what:58}{value:10.2f} {unit:4} {word} {limit:g} {unit}", flush=True)


def start(database, *options):
    coordinator = Coordinator(BATON, database, options)
    children.append(coordinator.process)
    return coordinator


def alone(directory):
    """Without a keeper, so that the process that was started is the one that is measured."""
    return start(os.path.join(directory, "registry.db"), "--no-keeper")


def uncovered(database):
    return event_count(database) - query(database, "SELECT max(seq) FROM snapshot")


def measured_start(what, database):
    """Starts on it after a kill; the coordinator goes on."""
    coordinator = start(database, "--no-keeper")
    report(f"start with {what}", coordinator.start_seconds, "s", START_LIMIT_SECONDS)
    return coordinator


def hold(coordinator):
    """A process that issues tickets and keeps them open until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "hold.py"), coordinator.path, str(HELD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    children.append(holder)
    if not holder.stdout.readline():
        sys.exit(f"limits: cannot issue {HELD} handoffs; is RLIMIT_NOFILE below {2 * HELD}?")
    return holder


def held(directory):
    """Memory with tickets held, and a start after a kill with all of them open."""
    coordinator = alone(directory)
    before = coordinator.kibibytes("VmRSS")
    holder = hold(coordinator)
    print(f"{'memory of the coordinator before':58}{before / 1024:10.2f} MiB")
    for field, words in (("VmRSS", "memory"), ("VmHWM", "highest memory so far")):
        value = coordinator.kibibytes(field) / 1024
        report(f"{words} with {HELD} tickets held", value, "MiB", MEMORY_LIMIT_KIB / 1024)
    coordinator.end(signal.SIGKILL)
    coordinator = measured_start(f"{HELD} open handoffs", coordinator.database)
    coordinator.end(signal.SIGTERM)
    holder.stdin.close()
    holder.wait(timeout=60)


def recovery(directory):
    """From the coordinator's death until its keeper's next one serves, with nothing lost."""
    coordinator = start(os.path.join(directory, "registry.db"))
    holder = hold(coordinator)
    begin = time.monotonic()
    os.kill(coordinator.child(), signal.SIGKILL)
    coordinator.wait_until_ready()
    seconds = time.monotonic() - begin
    report(f"recovery by the keeper with {HELD} tickets", seconds, "s", RECOVERY_LIMIT_SECONDS)
    matched = query(
        coordinator.database,
        "SELECT json_extract(CAST(body AS TEXT), '$.matched') FROM event"
        f" WHERE kind = {RECOVERED} ORDER BY seq DESC LIMIT 1",
    )
    if matched != HELD:
        sys.exit(f"limits: {matched} of {HELD} tickets were recovered")
    holder.stdin.close()
    holder.wait(timeout=60)
    coordinator.end(signal.SIGTERM)


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
    coordinator = alone(directory)
    grow(coordinator, wanted)
    coordinator.end(signal.SIGKILL)
    count = uncovered(coordinator.database)
    coordinator = measured_start(f"{count} events after the last snapshot", coordinator.database)
    coordinator.end(signal.SIGKILL)


def past(directory):
    """A start after a long past: snapshots keep it short."""
    coordinator = alone(directory)
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
    for measure in (held, recovery, tail, past):
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
