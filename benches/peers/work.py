"""What every peer trains: the request, the examples and the initial weights. Only numpy, so that all start alike."""

import os

# Before numpy, torch or JAX load: one thread each.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import dataclasses
import time

import numpy

LARGEST = 1000
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")
PRECISIONS = {"f32": "float32", "f64": "float64"}


class Watch:
    """Adds up the wall time and the processor time of what runs inside `with`."""

    def __init__(self):
        self.seconds = self.cpu_seconds = 0.0

    def __enter__(self):
        self.began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.began[0]
        self.cpu_seconds += time.process_time() - self.began[1]


class Refused(Exception):
    """A request that cannot be met; its text says why."""


@dataclasses.dataclass(frozen=True)
class Request:
    """Networks to train. `net` is the number of features, the hidden widths, and the one output."""

    net: tuple = (1, 64, 64, 1)
    runs: int = 1
    epochs: int = 5
    examples: int = 1000
    batch: int = 100
    precision: str = "f32"
    activation: str = "relu"
    optimizer: str = "adam"
    seed: int = 0

    @classmethod
    def of(cls, given):
        """Checks a request as it came in JSON."""
        if not isinstance(given, dict):
            raise Refused("a request is a JSON object")
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(given) - known):
            raise Refused(f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        request = cls(**{**given, "net": tuple(given.get("net", cls.net))})
        counts = (*request.net, request.runs, request.epochs, request.examples, request.batch)
        if any(type(count) is not int or count < 1 for count in counts):
            raise Refused("net, runs, epochs, examples and batch are whole numbers from 1")
        if len(request.net) < 2 or request.net[-1] != 1:
            raise Refused("net is the number of features, the hidden widths, and one output: [1, 64, 64, 1]")
        if request.examples % request.batch:
            raise Refused("batch has to divide examples: JAX's loop takes batches of one size")
        if request.precision not in PRECISIONS:
            raise Refused(f"precision is {' or '.join(PRECISIONS)}")
        if request.activation not in ACTIVATIONS:
            raise Refused(f"activation is one of {', '.join(ACTIVATIONS)}")
        if request.optimizer != "adam":
            raise Refused("optimizer is adam")
        return request

    @property
    def dtype(self):
        return PRECISIONS[self.precision]

    @property
    def batches(self):
        return self.examples // self.batch

    @property
    def shape(self):
        """What decides which code and which sizes of tensors are used: seen once, it is warm."""
        return self.net, self.runs, self.examples, self.batch, self.precision, self.activation


def standardized(values):
    return (values - values.mean(0)) / values.std(0)


def inputs(request, run):
    """Whole numbers from 1 to LARGEST, [examples, features]."""
    random = numpy.random.default_rng([request.seed, run, 1])
    return random.integers(1, LARGEST + 1, (request.examples, request.net[0])).astype("float64")


def examples(request, run):
    """Inputs and the sums of their squares, both to zero mean and unit variance: [examples, features], [examples, 1]."""
    x = inputs(request, run)
    y = (x**2).sum(1, keepdims=True)
    return standardized(x).astype(request.dtype), standardized(y).astype(request.dtype)


def weights(request, run):
    """Layers as pairs of weights [in, out], Glorot-uniform, and zero biases [out]."""
    random = numpy.random.default_rng([request.seed, run, 2])
    layers = []
    for fan_in, fan_out in zip(request.net, request.net[1:]):
        limit = (6 / (fan_in + fan_out)) ** 0.5
        layers.append(
            (
                random.uniform(-limit, limit, (fan_in, fan_out)).astype(request.dtype),
                numpy.zeros(fan_out, request.dtype),
            )
        )
    return layers


def stacked(request):
    """The examples and weights of all runs, runs first."""
    pairs = [examples(request, run) for run in range(request.runs)]
    drawn = [weights(request, run) for run in range(request.runs)]
    x, y = (numpy.stack(side) for side in zip(*pairs))
    layers = [tuple(numpy.stack(part) for part in zip(*layer)) for layer in zip(*drawn)]
    return x, y, layers
