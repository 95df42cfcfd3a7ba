"""Loads weights by the safetensors package and by hand, and evaluates each network on its own domain."""

import json
import sys
from pathlib import Path

import numpy
import pandas
from safetensors.numpy import load_file

folder = Path(sys.argv[1])


def by_hand(path):
    """The format in its own words: the length of a header, a header of JSON, bytes."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": "<f4", "F64": "<f8"}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            numbers = numpy.frombuffer(data[8 + length + begin : 8 + length + end], kinds[entry["dtype"]])
            tensors[name] = numbers.reshape(entry["shape"])
    return tensors


def answers(weights, inputs):
    """A dense network: weights are [inputs, outputs], and the last layer has no activation."""
    layers = 1 + max(int(name.split(".")[1]) for name in weights)
    values = inputs
    for layer in range(layers):
        values = values @ weights[f"layers.{layer}.weight"].astype(float) + weights[f"layers.{layer}.bias"].astype(float)
        if layer + 1 < layers:
            values = numpy.maximum(values, 0.0)
    return values


runs = pandas.read_parquet(folder / "runs.parquet")
for run in runs.itertuples():
    assert (run.task, run.encoding, run.layer, run.activation) == ("square", "scalar", "dense", "relu"), run
    path = folder / "weights" / f"{run.run}.safetensors"
    weights = load_file(path)
    other = by_hand(path)
    assert weights.keys() == other.keys() and all((weights[name] == other[name]).all() for name in weights)
    assert sum(tensor.size for tensor in weights.values()) == run.parameters
    numbers = numpy.arange(1, run.largest + 1, dtype=float)[:, None]
    targets = numbers**2
    low, high = {"max": ((0.0, 0.0), (run.largest, run.largest**2)), "symmetric": ((1.0, 1.0), (run.largest, run.largest**2))}[
        run.normalization
    ]
    if run.normalization == "max":
        shift, factor = (0.0, 0.0), high
    else:
        shift = tuple((a + b) / 2 for a, b in zip(low, high))
        factor = tuple((b - a) / 2 for a, b in zip(low, high))
    found = answers(weights, (numbers - shift[0]) / factor[0]) * factor[1] + shift[1]
    rmse = float(numpy.sqrt(numpy.mean((found - targets) ** 2)))
    tolerance = 1e-5 if run.precision == "f32" else 1e-11
    assert abs(rmse - run.domain_rmse) <= tolerance * run.domain_rmse, (run.run, rmse, run.domain_rmse)
assert len(runs) == 16 and set(runs.precision) == {"f32", "f64"}
print("16 networks give the errors that were recorded")
