"""Functional analysis of variance of a complete grid, by least squares on indicator columns: what `tests/importance.rs` holds
Ablate's own decomposition against. Reads lines `level,level,…,value`, prints the shares as JSON."""

import itertools
import json
import sys

import numpy as np


def indicators(codes, axes):
    """One column for each combination of levels of some axes."""
    keys = [tuple(row[list(axes)]) for row in codes]
    columns = sorted(set(keys))
    return np.array([[key == column for column in columns] for key in keys], dtype=float)


def residual(y, blocks):
    design = np.hstack([np.ones((len(y), 1))] + blocks)
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return np.mean((y - fitted) ** 2)


rows = np.array([[float(x) for x in line.split(",")] for line in open(sys.argv[1])])
codes, values = rows[:, :-1].astype(int), rows[:, -1]
cells = sorted(set(map(tuple, codes)))
members = [values[(codes == cell).all(axis=1)] for cell in cells]
grid, means = np.array(cells), np.array([member.mean() for member in members])
replicated = [member.var(ddof=1) for member in members if len(member) > 1]
noise = float(np.mean(replicated)) if replicated else None
per_mean = np.mean([(m.var(ddof=1) if len(m) > 1 else noise) / len(m) for m in members]) if replicated else 0.0

axes = range(grid.shape[1])
levels = [len(set(grid[:, axis])) for axis in axes]


def freed(part, degrees):
    return max(0.0, part - per_mean * degrees / len(cells))


parts, rest, left = {}, residual(means, []), len(cells) - 1
for axis in axes:
    part = residual(means, []) - residual(means, [indicators(grid, [axis])])
    parts[str(axis)] = freed(part, levels[axis] - 1)
    rest, left = rest - part, left - (levels[axis] - 1)
for a, b in itertools.combinations(axes, 2):
    alone = residual(means, [indicators(grid, [a]), indicators(grid, [b])])
    part = alone - residual(means, [indicators(grid, [a, b])])
    parts[f"{a} {b}"] = freed(part, (levels[a] - 1) * (levels[b] - 1))
    rest, left = rest - part, left - (levels[a] - 1) * (levels[b] - 1)
parts["higher"] = freed(rest, left) if left else 0.0
if noise is not None:
    parts["noise"] = noise
total = sum(parts.values())
print(json.dumps({name: part / total for name, part in parts.items()}))
