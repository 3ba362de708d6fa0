"""The rounds of race.sh and their table."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

FLOOR, BATON, ROUNDS, SECONDS, DATA = sys.argv[1:6]
PAIRS = [int(word) for word in sys.argv[6:]]
ROUNDS = int(ROUNDS)

FIGURES = [
    ("handoffs_per_second", "handoffs/s", 0),
    ("p50_us", "p50 us", 0),
    ("p99_us", "p99 us", 0),
    ("coordinator_cpu_us_per_handoff", "coordinator CPU us/handoff", 1),
    ("events_per_commit", "events/commit", 1),
]


def run(command):
    limit = float(SECONDS) * 1.15 + 60
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    if done.returncode != 0:
        sys.exit(f"race: {' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def floor(pairs, directory):
    """The C coordinator; it checks afterwards that its log is whole."""
    names = {
        "rate": "handoffs_per_second",
        "handoff.p50": "p50_us",
        "handoff.p99": "p99_us",
        "coord_cpu": "coordinator_cpu_us_per_handoff",
        "group": "events_per_commit",
    }
    prefix = f"combined.full.{pairs}."
    found = {}
    for line in run(
        [FLOOR, "-6", "-m", "full", "-p", str(pairs), "-t", SECONDS, "-d", directory]
    ).splitlines():
        metric, value, _ = line.split("\t")
        name = names.get(metric.removeprefix(prefix))
        if name:
            found[name] = float(value)
    return found


# What the other contestant has nothing like is left out, unless it is asked for.
OPTIONS = os.environ.get("OPTIONS", "" if os.environ.get("BEFORE") else "--no-evidence").split()


def baton(pairs, directory, program=BATON, options=OPTIONS):
    """Baton; it checks afterwards that its log is whole."""
    return json.loads(
        run(
            [program, "bench", "--pairs", str(pairs), "--seconds", SECONDS]
            + ["--directory", directory, "-o", "json"]
            + options
        )
    )


# Against which Baton runs: the C coordinator, or another build of Baton.
BEFORE = os.environ.get("BEFORE")
OTHER = "before" if BEFORE else "C"
CONTESTANTS = [
    (OTHER, (lambda pairs, directory: baton(pairs, directory, BEFORE, [])) if BEFORE else floor),
    ("Baton", baton),
]


def spread(values, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f}  [{low:.{digits}f}-{high:.{digits}f}]"


def race(pairs, directory):
    runs = {OTHER: [], "Baton": []}
    for number in range(ROUNDS):
        for name, measure in CONTESTANTS if number % 2 == 0 else reversed(CONTESTANTS):
            runs[name].append(measure(pairs, directory))
    print(f"\n{pairs} pair{'s' if pairs > 1 else ''}: median [lowest-highest] of {ROUNDS} rounds")
    print(f"{'':28}{OTHER:>26}{'Baton':>26}")
    for key, title, digits in FIGURES:
        other, ours = ([one[key] for one in runs[name]] for name in (OTHER, "Baton"))
        print(f"{title:28}{spread(other, digits):>26}{spread(ours, digits):>26}")
    ratios = [
        ours["handoffs_per_second"] / other["handoffs_per_second"]
        for other, ours in zip(runs[OTHER], runs["Baton"])
    ]
    title = f"Baton / {OTHER} in each round"
    print(f"{title:30}" + "  ".join(f"{ratio:.2f}" for ratio in ratios))
    print(f"median ratio                {statistics.median(ratios):.2f}", flush=True)


def main():
    print(f"{ROUNDS} rounds of {SECONDS} s; a handoff has six messages and four events")
    with tempfile.TemporaryDirectory(prefix="baton-race-", dir=DATA) as directory:
        for pairs in PAIRS:
            race(pairs, directory)


main()
