"""Opens a bundle without Ablate, evaluates its networks on its own data, and compares with what was recorded.

By the safetensors package, by the format's own words, and by PyTorch where that is there: in this Python, or in the virtual
environment that `make bench` makes (benches/peers). Takes the bundle; prints what was done.
"""

import json
import os
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy
import pandas
from safetensors.numpy import load_file

PEERS = Path(__file__).parents[1] / "benches/peers/.venv/lib" / f"python3.{sys.version_info.minor}" / "site-packages"


def pytorch():
    """The module; None where it is not there. Behind the others, so that it brings PyTorch alone."""
    sys.path.append(os.environ.get("ABLATE_PYTORCH", str(PEERS)))
    # The peers' CUDA libraries are empty: their functions may not be bound before they are called.
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        import torch
    except ImportError:
        return None
    return torch


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


def by_numpy(path, inputs, precision):
    """A dense network: weights are [inputs, outputs], and the last layer has no activation. In double precision."""
    weights = load_file(path)
    other = by_hand(path)
    assert weights.keys() == other.keys() and all((weights[name] == other[name]).all() for name in weights)
    layers = 1 + max(int(name.split(".")[1]) for name in weights)
    values = inputs
    for layer in range(layers):
        values = values @ weights[f"layers.{layer}.weight"].astype(float) + weights[f"layers.{layer}.bias"].astype(float)
        if layer + 1 < layers:
            values = numpy.maximum(values, 0.0)
    return values, sum(tensor.size for tensor in weights.values())


def by_torch(torch):
    """The same by PyTorch's own layers, in the precision of the run."""
    from safetensors.torch import load_file as load

    def answers(path, inputs, precision):
        tensors = load(path)
        layers = 1 + max(int(name.split(".")[1]) for name in tensors)
        # PyTorch's layers hold [outputs, inputs], and those with activations between count twice.
        state = {
            f"{2 * int(name.split('.')[1])}.{name.split('.')[2]}": tensor.t().contiguous() for name, tensor in tensors.items()
        }
        kind = {"f32": torch.float32, "f64": torch.float64}[precision]
        parts = []
        for layer in range(layers):
            size = tensors[f"layers.{layer}.weight"].shape
            parts += [torch.nn.Linear(*size, dtype=kind), torch.nn.ReLU()]
        network = torch.nn.Sequential(*parts[:-1])
        network.load_state_dict(state, strict=True)
        with torch.no_grad():
            values = network(torch.from_numpy(inputs).to(kind)).double().numpy()
        return values, sum(parameter.numel() for parameter in network.parameters())

    return answers


def scales(run):
    """Shift and factor of inputs and of targets: of `max`, and of `symmetric`, which makes the range -1 to 1."""
    highs = (run.largest, run.largest**2)
    if run.normalization == "max":
        return (0.0, 0.0), highs
    assert run.normalization == "symmetric", run
    return tuple((1 + high) / 2 for high in highs), tuple((high - 1) / 2 for high in highs)


def hold(folder, way, answers):
    """Every network of the results gives the predictions and the error that were recorded."""
    runs = pandas.read_parquet(folder / "runs.parquet")
    predictions = pandas.read_parquet(folder / "predictions.parquet")
    assert len(runs) == 16 and set(runs.precision) == {"f32", "f64"}
    for run in runs.itertuples():
        assert (run.task, run.encoding, run.layer, run.activation) == ("square", "scalar", "dense", "relu"), run
        own = predictions[predictions.run == run.run]
        domain = own[own.input <= run.largest]
        # Of so short a range the bundle has every number.
        assert list(domain.input) == list(range(1, run.largest + 1)) and len(own) > len(domain)
        (shift, target_shift), (factor, target_factor) = scales(run)
        inputs = ((own.input.to_numpy() - shift) / factor)[:, None]
        values, parameters = answers(folder / "weights" / f"{run.run}.safetensors", inputs, run.precision)
        found = values[:, 0] * target_factor + target_shift
        assert parameters == run.parameters
        tolerance = 1e-5 if run.precision == "f32" else 1e-11
        off = numpy.abs(found - own.prediction.to_numpy()).max()
        assert off <= tolerance * own.target.max(), (way, run.run, off)
        rmse = float(numpy.sqrt(numpy.mean((found[: len(domain)] - domain.target.to_numpy()) ** 2)))
        assert abs(rmse - run.domain_rmse) <= tolerance * run.domain_rmse, (way, run.run, rmse, run.domain_rmse)
    print(f"{way}: {len(runs)} networks give the predictions and the errors that were recorded")


with TemporaryDirectory() as place:
    zipfile.ZipFile(sys.argv[1]).extractall(place)
    results = Path(place) / "results/weights"
    hold(results, "numpy", by_numpy)
    torch = pytorch()
    if torch is None:
        print("PyTorch: skipped, since it is not installed (`make bench` installs it)")
    else:
        hold(results, "PyTorch", by_torch(torch))
