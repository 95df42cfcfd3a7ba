"""A sweep as one would run it with PyTorch alone: a pool of processes, one run a task, one row a run in a CSV file.

    benches/peers/.venv/bin/python benches/peers/pool.py --runs 20 --epochs 50 --workers 2

Prints JSON: the seconds from the start of this process to the last row on disk, with what else describes the sweep.
"""

import argparse
import csv
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

import work  # first: it sets the number of threads, here and in every worker


def since_start():
    """Seconds since this process was started, Python's own start included."""
    ticks = int(pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def rmse(model, x, y, unit):
    import torch

    with torch.no_grad():
        return (model(x) - y).square().mean().sqrt().item() * unit


def train(task):
    """One run: draws, trains, measures. Returns its row."""
    import numpy
    import torch
    import torch_peers

    request, run = task
    drawn = work.inputs(request, run)
    squares = drawn**2
    # Both sides are scaled by the training examples; errors are told in the unit of the squares.
    scale = [(side.mean(), side.std()) for side in (drawn, squares)]

    def scaled(numbers):
        return [
            torch.from_numpy(((side - mean) / spread).astype(request.dtype))
            for side, (mean, spread) in zip((numbers, numbers**2), scale)
        ]

    model = torch_peers.network(request, run)
    loss = torch_peers.fit(model, *scaled(drawn), request, run, fused=True)
    fresh = numpy.random.default_rng([request.seed, run, 3]).integers(1, work.LARGEST + 1, (1000, 1)).astype("float64")
    domain = numpy.arange(1.0, work.LARGEST + 1)[:, None]
    unit = scale[1][1]
    return {
        "run": run,
        "train_loss": loss,
        "test_rmse": rmse(model, *scaled(fresh), unit),
        "domain_rmse": rmse(model, *scaled(domain), unit),
    }


def main():
    parser = argparse.ArgumentParser(description="Trains a sweep of 1-64-64-1 with a pool of PyTorch processes.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, help="the CSV file; without it, a temporary one")
    asked = parser.parse_args()
    if min(asked.runs, asked.epochs, asked.workers) < 1:
        sys.exit("pool.py: --runs, --epochs and --workers are whole numbers from 1")
    request = work.Request(epochs=asked.epochs)
    tasks = [(request, run) for run in range(asked.runs)]
    with tempfile.TemporaryDirectory() as folder:
        path = asked.out or pathlib.Path(folder, "runs.csv")
        with multiprocessing.get_context("spawn").Pool(asked.workers) as pool, path.open("w", newline="") as file:
            rows = csv.DictWriter(file, ["run", "train_loss", "test_rmse", "domain_rmse"])
            rows.writeheader()
            errors = []
            for row in pool.imap_unordered(train, tasks):
                rows.writerow(row)
                file.flush()  # an interrupted sweep keeps its rows
                errors.append(row["domain_rmse"])
        seconds = since_start()
    print(
        json.dumps(
            {
                "seconds": round(seconds, 3),
                "runs": asked.runs,
                "epochs": asked.epochs,
                "workers": asked.workers,
                "net": request.net,
                "median_domain_rmse": sorted(errors)[len(errors) // 2],
            }
        )
    )


if __name__ == "__main__":
    main()
