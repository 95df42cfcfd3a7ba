"""Sweeps from end to end: do two workers do twice the work, does a run cost the same in a large sweep, how does a pool of
PyTorch processes compare, and what does storing cost.

    python3 benches/sweeps.py ABLATE PEERS_PYTHON [--only a,b,c,d] [--most N] [--pool-runs N] [--rounds N] [--json FILE]

ABLATE is target/release/ablate, PEERS_PYTHON the Python of the peers' environment. Every figure is of whole processes,
start, metrics and storing included: wall time, and the processor time that the system accounts to them. Sweeps that are
compared run by turns. How much of the processors others used meanwhile is printed where it says something.
"""

import argparse
import contextlib
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

POOL = Path(__file__).parent / "peers" / "pool.py"
WORKERS = 2

# 1-64-64-1 as in peers/work.py.
MIDDLE = {"depth": 2, "width": 64, "epochs": 50}
# The smallest network of bench.py, as long as a founding run.
SMALLEST = {"depth": 1, "width": 16, "epochs": 500}
# So short that what is not training shows, and long enough that a hundred runs stand out from the noise of a start.
SHORT = {"depth": 1, "width": 16, "epochs": 400, "examples": 100, "test_examples": 100, "largest": 100}
REPLICATES = 10

# What is asked for.
TWO_WORKERS = 1.9
COST = 0.05
MEMORY = 32  # MB more than with 100 runs
POOL_TIMES = 8
STORE = 0.02


def sweep(folder, name, base, runs, axes=None):
    """Writes a sweep file of so many runs."""
    points = math.prod(len(values) for values in (axes or {}).values())
    lines = ["version: 1", f"name: {name}", "question: What does a run cost?"]
    lines += [f"base: {json.dumps({'task': 'square'} | base)}"]
    if axes:
        lines += [f"grid: {json.dumps(axes)}"]
    lines += [f"replicates: {{count: {runs // points}}}"]
    path = Path(folder, f"{name}.yaml")
    path.write_text("\n".join(lines) + "\n")
    return path


def machine():
    """Seconds that all processors together were busy since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def threads(process, seen, stop):
    """Notes the processor time of every thread of a process, as far as it was seen, by the thread's number."""
    while not stop.is_set():
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                with contextlib.suppress(OSError, IndexError):
                    seen[task.name] = (
                        (task / "comm").read_text().strip(), int((task / "schedstat").read_text().split()[0]) / 1e9)
        stop.wait(0.005)


def run(command, watch=False):
    """Runs a command to its end: what it took, and what it said on standard error."""
    seen, stop = {}, threading.Event()
    busy, began = machine(), time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        watcher = threading.Thread(target=threads, args=(process.pid, seen, stop))
        if watch:
            watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        stop.set()
        if watch:
            watcher.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{text}")
    cpu = used.ru_utime + used.ru_stime
    by_thread = {}
    for name, spent in seen.values():
        name = re.sub(r"-\d+$", "", name)
        by_thread[name] = by_thread.get(name, 0) + spent
    return {
        "seconds": seconds, "cpu_seconds": cpu, "memory": used.ru_maxrss / 1024, "said": text, "threads": by_thread,
        # Others' share of all processors; this process does next to nothing meanwhile.
        "others": max(0.0, machine() - busy - cpu) / seconds / os.cpu_count(),
    }


def train(ablate, file, results=None, jobs=WORKERS, options=(), watch=False):
    """Trains a sweep into a new folder of results, or into one that is there."""
    with contextlib.ExitStack() as stack:
        folder = results or stack.enter_context(tempfile.TemporaryDirectory(dir=file.parent))
        return run(
            [ablate, "run", file, "--no-report", "--device", "cpu", "--jobs", str(jobs), "--results", folder, *options],
            watch,
        )


def median(answers, what):
    return statistics.median(answer[what] for answer in answers)


def check(what, value, asked, reached, text="{:.2f}"):
    shown, wanted = text.format(value), text.format(asked)
    print(f"  {'reached' if reached else 'MISSED '}  {what}: {shown}, asked for {wanted}", flush=True)
    return {"what": what, "value": value, "asked": asked, "reached": reached}


def workers(ablate, folder, arguments):
    """One worker and two, by turns. Gives also what two take."""
    runs = arguments.runs
    file = sweep(folder, "middle", MIDDLE, runs)
    answers = {1: [], 2: []}
    for _ in range(arguments.rounds):
        for jobs in answers:
            answers[jobs].append(train(ablate, file, jobs=jobs))
    print(f"\n{runs} runs of 1-64-64-1, 50 epochs, with one worker and with two")
    for jobs, told in answers.items():
        print(f"  --jobs {jobs}: {median(told, 'seconds'):7.2f} s, {median(told, 'cpu_seconds'):7.2f} s of processors, "
              f"others used {max(answer['others'] for answer in told):.0%} of the machine at most")
    times = median(answers[1], "seconds") / median(answers[2], "seconds")
    cost = median(answers[2], "cpu_seconds") / median(answers[1], "cpu_seconds")
    print(f"  processor time of two workers: {cost:.3f} times that of one")
    return [check("work of two workers in that of one", times, TWO_WORKERS, times >= TWO_WORKERS)], median(
        answers[2], "seconds")


def sizes(ablate, folder, arguments):
    """The cost of a run and the peak of memory, from 100 runs up."""
    rows = []
    print(f"\n1-16-1, 400 epochs of 100 examples: sweeps of 100 to {arguments.most:,} runs, {REPLICATES} a configuration")
    count = 100
    while count <= arguments.most:
        points = count // REPLICATES
        rates = 10 ** ((len(str(points)) - 1 + 1) // 2)
        axes = {
            "learning_rate": [round(0.001 + index * 1e-5, 6) for index in range(rates)],
            "weight_decay": [round(index * 1e-6, 7) for index in range(points // rates)],
        }
        file = sweep(folder, f"short-{count}", SHORT, count, axes)
        told, empty = [], []
        # Small sweeps are short against the noise of a start, so they are run more often.
        for _ in range(max(arguments.rounds if count < 10_000 else 1, 4000 // count)):
            with tempfile.TemporaryDirectory(dir=folder) as results:
                told.append(train(ablate, file, results))
                empty.append(train(ablate, file, results))
        whole = median(told, "cpu_seconds")
        row = {
            "runs": count, "seconds": median(told, "seconds"), "cpu_seconds": whole, "memory": median(told, "memory"),
            "again": median(empty, "cpu_seconds"), "again_memory": median(empty, "memory"),
        }
        if rows:
            # What each further run costs: a start is in both sweeps.
            row["cost"] = (whole - rows[-1]["cpu_seconds"]) / (count - rows[-1]["runs"])
        rows.append(row)
        further = f"{row['cost'] * 1e6:7.1f} µs" if "cost" in row else "          "
        print(f"  {count:>9,} runs: each further run {further}, with the start {whole / count * 1e6:7.1f} µs; "
              f"{row['memory']:5.0f} MB; {row['seconds']:6.2f} s. Once more, all saved: {row['again']:5.2f} s, "
              f"{row['again_memory']:4.0f} MB", flush=True)
        count *= 10
    costs = [row["cost"] for row in rows[1:]]
    start = rows[0]["cpu_seconds"] - costs[0] * rows[0]["runs"]
    print(f"  processor time; the start of a process and its tables take {start:.3f} s")
    spread = max(costs) / min(costs) - 1
    grown = max(row["memory"] for row in rows) - rows[0]["memory"]
    return [
        check("the dearest run over the cheapest", spread, COST, spread <= COST, "{:.1%}"),
        check("peak of memory, more than with 100 runs", grown, MEMORY, grown <= MEMORY, "{:.0f} MB"),
    ], {"rows": rows, "start": start}


def pool(python, ours, arguments):
    """The pool of PyTorch processes; `ours` are the seconds of the same runs here."""
    ask = lambda runs: json.loads(subprocess.run(  # noqa: E731
        [python, POOL, "--runs", str(runs), "--epochs", "50", "--workers", str(WORKERS)],
        check=True, stdout=subprocess.PIPE, text=True).stdout)["seconds"]
    runs = arguments.runs
    if arguments.pool_runs:
        few, many = 0, arguments.pool_runs
        seconds = ask(many) * runs / many
        how = "trained" if many == runs else f"{many} trained, and scaled in proportion"
    else:
        few, many = 40, 120
        short, long = ask(few), ask(many)
        seconds = short + (long - short) / (many - few) * (runs - few)
        how = f"scaled: {few} took {short:.1f} s and {many} {long:.1f} s"
    print(f"\n{runs} runs of 1-64-64-1 with a pool of {WORKERS} PyTorch processes: {seconds:.1f} s ({how}); "
          f"Ablate {ours:.2f} s")
    times = seconds / ours
    return [check("times as soon as the pool", times, POOL_TIMES, times >= POOL_TIMES, "{:.1f}")], {
        "pool_seconds": seconds, "seconds": ours, "how": how}


def storing(ablate, folder, arguments):
    """What storing and metrics cost, of the training of the smallest network."""
    file = sweep(folder, "smallest", SMALLEST, arguments.smallest)
    single = sweep(folder, "single-smallest", SMALLEST | {"epochs": 1}, 1)
    start = median([train(ablate, single) for _ in range(9)], "cpu_seconds")
    told = train(ablate, file, jobs=1, options=["--profile"], watch=True)
    shares = {name: float(value) / 100 for name, value in re.findall(r"^ +(\w+) +([\d.]+) %$", told["said"], re.M)}
    worker = told["threads"].get("worker", 0)
    # The journal's thread, and what the process does beyond a start: it folds the journal into the tables.
    journal = told["threads"].get("store", 0)
    rest = max(0.0, told["cpu_seconds"] - worker - journal - start)
    training = worker * (1 - shares["store"])
    whole = (worker * shares["store"] + journal + rest) / training
    print(f"\n{arguments.smallest} runs of 1-16-1, 500 epochs of 1000 examples: shares of a worker's time")
    print("  " + ", ".join(f"{name} {share:.1%}" for name, share in shares.items()))
    print(f"  beside the worker's {worker:.2f} s: the journal's thread {journal:.3f} s, tables {rest:.3f} s "
          f"(a sweep of a single run, {start:.2f} s, is not in it)")
    return [check("storing, of training, threads and tables included", whole, STORE, whole <= STORE, "{:.2%}")], {
        "shares": shares, "worker": worker, "journal": journal, "tables": rest}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ablate", type=lambda path: Path(path).resolve())
    parser.add_argument("python")
    parser.add_argument("--only", default="a,b,c,d", help="a: workers, b: sizes, c: the pool, d: storing")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=1000, help="runs of a and c")
    parser.add_argument("--most", type=int, default=10_000, help="runs of the largest sweep of b, up to 1000000")
    parser.add_argument("--pool-runs", type=int, help="train so many with the pool, instead of 40 and 120")
    parser.add_argument("--smallest", type=int, default=500, help="runs of d")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.most < 10_000:
        parser.error("--most is at least 10000: costs of further runs are compared from size to size")
    chosen, result, checks = arguments.only.split(","), {}, []
    with tempfile.TemporaryDirectory(prefix="ablate-bench-") as folder:
        if "d" in chosen:
            told, result["storing"] = storing(arguments.ablate, folder, arguments)
            checks += told
        if "b" in chosen:
            told, result["sizes"] = sizes(arguments.ablate, folder, arguments)
            checks += told
        if "a" in chosen or "c" in chosen:
            told, ours = workers(arguments.ablate, folder, arguments)
            checks += told
        if "c" in chosen:
            told, result["pool"] = pool(arguments.python, ours, arguments)
            checks += told
    if arguments.json:
        arguments.json.write_text(json.dumps(result | {"checks": checks}, indent=1) + "\n")


if __name__ == "__main__":
    main()
