"""A sweep on a cluster, on paper: a small discrete-event simulation of tasks that train shards of a sweep and save them to one
shared folder. It says how long that takes, how many files there are and how large, what the file server is asked for at the
busiest and on average, and what gathering takes.

    python3 benches/cluster.py                                 the tables of docs/clusters.md
    python3 benches/cluster.py --runs N --tasks N --nodes N --seconds S [--preempted P] [--json]

A node has one core and runs one task at a time. Where the constants come from is said beside them; what a file server can take
is none of them.
"""

import argparse
import heapq
import json
import random

# Measured on one core, with the sweep and the commands of docs/clusters.md: processor time, and the memory that each run adds.
PLAN_SECONDS = 1.9e-6  # of every run of the sweep, in every attempt at a shard (0.45e-6 where there are replicates)
PLAN_BYTES = 150  # of memory, likewise (80 where there are replicates)
START_SECONDS = 0.1  # of an attempt, beside planning
RECORD_BYTES = 12_300  # of a run of 500 epochs in the journal
TABLE_BYTES = 4_800  # of such a run in the tables
READ_SECONDS = 11e-6  # of a record that is in the journal when an attempt begins
READ_BYTES = 400  # of memory, likewise
FOLD_SECONDS = 46e-6  # of a record, from the journal into the tables
FOLD_BYTES = 500  # of memory, likewise
REPORT_SECONDS = 130e-6  # of a run, for the report
REPORT_BYTES = 47_000  # of memory, likewise

# Fixed in the program.
NOTE_SECONDS = 30.0  # between two notes of a task at work (src/cli/run/task.rs)
BATCH_SECONDS = 0.1  # that a record waits for others to be synced with it (src/store/journal.rs)
COHORT = 64  # runs that train together at most, and end together (src/plan/cohort.rs)

# Calls that name a file or a folder (open, stat, rename, mkdir), each of which a file server may have to answer: counted with
# strace.
BEGIN_OPERATIONS = 60  # of an attempt, at its beginning and its end
SEGMENT_OPERATIONS = 1  # of an attempt, for every segment that is there when it begins
RUN_OPERATIONS = 1  # of a run: whether it was paused before
NOTE_OPERATIONS = 3  # of a note


class Load:
    """What the file server is asked for: so much in a second, from one time to another."""

    def __init__(self):
        self.steps = []
        self.all = 0.0

    def add(self, begin, end, calls):
        self.all += calls
        # What comes at once is spread over a second: nobody asks a server for fractions of one.
        rate = calls / max(end - begin, 1.0)
        self.steps += [(begin, rate), (max(end, begin + 1.0), -rate)]

    def busiest(self):
        most = now = 0.0
        for _, step in sorted(self.steps):
            now += step
            most = max(most, now)
        return most


class Journal:
    """What is in the journal as time goes on, that of running attempts included: whoever begins reads it all. Records come
    evenly while an attempt trains (in truth a cohort at a time), and its segment is made when its first cohort ends."""

    def __init__(self):
        self.now = self.records = self.rate = 0.0
        self.segments = 0
        self.changes = []  # (when, by how many records a second, by how many segments)

    def add(self, begin, end, records):
        rate = records / (end - begin)
        heapq.heappush(self.changes, (begin, rate, 0))
        heapq.heappush(self.changes, (min(begin + COHORT / rate, end), 0.0, 1))
        heapq.heappush(self.changes, (end, -rate, 0))

    def advance(self, to):
        """To a time that is not before the last one: its cost is that of what has changed since."""
        while self.changes and self.changes[0][0] <= to:
            when, rate, segments = heapq.heappop(self.changes)
            self.records += self.rate * (when - self.now)
            self.now = when
            self.rate += rate
            self.segments += segments
        self.records += self.rate * (to - self.now)
        self.now = to


def simulate(runs, tasks, nodes, seconds, preempted=0.05, spread=0.15, launch=100, seed=1):
    """Runs that take so many seconds of a core each, in so many tasks on so many nodes, of which Slurm starts `launch` in a
    second. Shards cost about the same, and nodes differ: times are log-normal with such a spread. A share of all attempts is
    preempted somewhere in the middle, saves what it has, and begins again where it was."""
    draw = random.Random(seed)
    share = runs / tasks
    load = Load()
    free = [(node / launch, node) for node in range(nodes)]
    waiting = [(share * seconds * draw.lognormvariate(-spread * spread / 2, spread), share) for _ in range(tasks)]
    waiting.reverse()
    journal = Journal()
    attempts, trained, planned, read, last = 0, 0.0, 0.0, 0.0, 0.0
    most_read, syncs = 0.0, 0.0
    while waiting:
        begin, node = heapq.heappop(free)
        journal.advance(begin)
        saved, segments = journal.records, journal.segments
        time, records = waiting.pop()
        attempts += 1
        stays = 1.0
        if draw.random() < preempted:
            stays = draw.random()
            # Again at the end of the queue, with what is left.
            waiting.insert(0, (time * (1 - stays), records * (1 - stays)))
        planning = runs * PLAN_SECONDS
        reading = saved * READ_SECONDS
        ready = begin + START_SECONDS + planning + reading
        end = ready + time * stays
        most_read = max(most_read, saved)
        load.add(begin, ready, BEGIN_OPERATIONS + segments * SEGMENT_OPERATIONS)
        syncs += min(time * stays / BATCH_SECONDS, records * stays) + 1
        notes = time * stays / NOTE_SECONDS + 2
        load.add(ready, end, records * stays * RUN_OPERATIONS + notes * NOTE_OPERATIONS)
        trained, planned, read = trained + time * stays, planned + planning, read + saved * RECORD_BYTES
        journal.add(ready, end, records * stays)
        heapq.heappush(free, (end + 1.0, node))
        last = max(last, end)
    segments = attempts
    return {
        "runs": runs,
        "tasks": tasks,
        "nodes": nodes,
        "attempts": attempts,
        "hours": last / 3600,
        "training": trained / (last * nodes),
        "planning": planned / (last * nodes),
        "plan_seconds": runs * PLAN_SECONDS,
        "plan_bytes": runs * PLAN_BYTES,
        "segments": segments,
        "segment_bytes": runs * RECORD_BYTES / segments,
        "journal_bytes": runs * RECORD_BYTES,
        "read_bytes": read,
        "most_read_bytes": most_read * RECORD_BYTES,
        "most_read_seconds": most_read * READ_SECONDS,
        "most_read_memory": most_read * READ_BYTES,
        "syncs_a_second": syncs / last,
        "operations": load.all,
        "operations_a_second": load.all / last,
        "operations_at_the_busiest": load.busiest(),
        "fold_hours": runs * FOLD_SECONDS / 3600,
        "fold_bytes": runs * FOLD_BYTES,
        "report_hours": runs * REPORT_SECONDS / 3600,
        "report_bytes": runs * REPORT_BYTES,
        "table_bytes": runs * TABLE_BYTES,
    }


def size(count):
    for unit in ["B", "kB", "MB", "GB", "TB"]:
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} PB"


def span(hours):
    if hours < 1 / 60:
        return f"{hours * 3600:.2g} s"
    return f"{hours * 60:.3g} min" if hours < 2 else f"{hours:.3g} h"


ROWS = [
    ("attempts, and segments", lambda r: f"{r['attempts']:,}"),
    ("time until the last ends", lambda r: span(r["hours"])),
    ("of the nodes' time: training / planning", lambda r: f"{r['training']:.0%} / {r['planning']:.1%}"),
    ("planning, in every attempt", lambda r: f"{span(r['plan_seconds'] / 3600)}, {size(r['plan_bytes'])} of memory"),
    ("a segment", lambda r: size(r["segment_bytes"])),
    ("the journal", lambda r: size(r["journal_bytes"])),
    ("read of it when attempts begin: all / the last", lambda r: f"{size(r['read_bytes'])} / {size(r['most_read_bytes'])}"),
    ("reading, in the last attempt", lambda r: f"{span(r['most_read_seconds'] / 3600)}, {size(r['most_read_memory'])} of memory"),
    ("syncs a second, on average", lambda r: f"{r['syncs_a_second']:.3g}"),
    ("calls that name a file, all", lambda r: f"{r['operations']:.2g}"),
    ("a second: on average / at the busiest", lambda r: f"{r['operations_a_second']:.2g} / {r['operations_at_the_busiest']:.2g}"),
    ("folding", lambda r: f"{span(r['fold_hours'])}, {size(r['fold_bytes'])} of memory"),
    ("the tables", lambda r: size(r["table_bytes"])),
    ("the report", lambda r: f"{span(r['report_hours'])}, {size(r['report_bytes'])} of memory"),
]


def table(columns):
    """Markdown."""
    head = [f"{c['runs']:.0e} runs, {c['tasks']:,} tasks".replace("e+0", "e") for c in columns]
    lines = ["| | " + " | ".join(head) + " |", "|---|" + "---|" * len(columns)]
    lines += ["| " + name + " | " + " | ".join(show(column) for column in columns) + " |" for name, show in ROWS]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=float)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a core, for a run")
    parser.add_argument("--preempted", type=float, default=0.05, help="share of attempts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.runs is not None:
        found = simulate(int(options.runs), options.tasks, options.nodes, options.seconds, options.preempted)
        print(json.dumps(found, indent=2) if options.json else table([found]))
        return
    cases = [(10**6, 1000), (10**6, 10_000), (10**8, 1000), (10**8, 10_000)]
    found = [simulate(runs, tasks, options.nodes, options.seconds, options.preempted) for runs, tasks in cases]
    print(json.dumps(found, indent=2) if options.json else table(found))


if __name__ == "__main__":
    main()
