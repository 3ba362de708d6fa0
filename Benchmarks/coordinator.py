"""`baton serve` on a database, as the benchmarks start it."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time

PATIENCE_SECONDS = 120


class Coordinator:
    """A coordinator that is ready, and the keeper that started it, if there is one."""

    def __init__(self, baton, database, options=()):
        self.baton, self.database = baton, database
        directory = os.path.dirname(database)
        self.path = os.path.join(directory, "coordinator.sock")
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = os.path.join(directory, "notify")
        if os.path.exists(name):
            os.unlink(name)
        self.notifications.bind(name)
        self.notifications.settimeout(PATIENCE_SECONDS)
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [baton, "serve", "--no-configuration", "--socket", self.path]
            + ["--database", database, "--log-level", "error", *options],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": name},
        )
        self.wait_until_ready()
        self.start_seconds = time.monotonic() - begin

    def wait_until_ready(self):
        """Until it says so: once for each start, by a keeper too."""
        try:
            text = self.notifications.recv(4096)
        except socket.timeout:
            self.end(signal.SIGKILL)
            sys.exit(f"the coordinator does not start within {PATIENCE_SECONDS} s")
        if not text.startswith(b"READY=1"):
            sys.exit(f"the coordinator says {text!r}")

    def child(self):
        """The coordinator, where the process that was started is its keeper."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return int(children.read().split()[0])

    def kibibytes(self, field):
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        sys.exit(f"there is no {field} in /proc/{self.process.pid}/status")

    def bench(self, seconds):
        """What `baton bench` tells of 16 pairs on it, as JSON."""
        return subprocess.run(
            [self.baton, "bench", "--socket", self.path, "--database", self.database]
            + ["--pairs", "16", "--seconds", f"{seconds:.1f}", "-o", "json"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds * 1.15 + 300,
        ).stdout

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(timeout=PATIENCE_SECONDS)
        self.notifications.close()

    def query(self, sql):
        return query(self.database, sql)


def query(database, sql):
    """The first value of the first row; 0 where it is NULL."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()[0] or 0
    finally:
        connection.close()


def event_count(database):
    return query(database, "SELECT max(seq) + 1 FROM event")
