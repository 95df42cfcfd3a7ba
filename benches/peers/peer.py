"""One peer of the speed comparison: reads requests, a line of JSON each, trains, and answers with seconds and losses.

    echo '{"net": [1, 64, 64, 1], "runs": 8, "epochs": 5}' | benches/peers/.venv/bin/python benches/peers/peer.py --peer jax

Requests and answers are described in README.md.
"""

import argparse
import dataclasses
import json
import math
import os
import platform
import sys
import traceback

import work  # first: it sets the number of threads


def torch_eager():
    import torch_peers

    return torch_peers.one_by_one(fused=False), ["torch"]


def torch_fused():
    import torch_peers

    return torch_peers.one_by_one(fused=True), ["torch"]


def torch_bmm():
    import torch_peers

    return torch_peers.all_at_once, ["torch"]


def jax():
    import jax_peer

    return jax_peer.train, ["jax", "jaxlib"]


def keras_seed():
    import keras_peer

    return keras_peer.train, ["keras", "torch"]


PEERS = {
    "torch-eager": torch_eager,
    "torch-fused": torch_fused,
    "torch-bmm": torch_bmm,
    "jax": jax,
    "keras-seed": keras_seed,
}
# Peers that train one run after the other are warm after one run.
ONE_BY_ONE = {"torch-eager", "torch-fused", "keras-seed"}


def versions(packages):
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in [*packages, "numpy"]}}


def answer(given, peer, train, packages, seen):
    if given == {"about": True}:
        return {"peer": peer, "versions": versions(packages)}
    request = work.Request.of(given)
    if request.shape not in seen:
        runs = 1 if peer in ONE_BY_ONE else request.runs
        train(dataclasses.replace(request, runs=runs, epochs=1))
        seen.add(request.shape)
    watch, losses = train(request)
    return {
        "seconds": watch.seconds,
        "cpu_seconds": watch.cpu_seconds,
        "steps": request.epochs * request.batches,
        "runs": request.runs,
        # JSON has no infinity and no NaN.
        "loss": [loss if math.isfinite(loss) else None for loss in losses],
    }


def main():
    parser = argparse.ArgumentParser(description="Trains what requests on standard input ask for.")
    parser.add_argument("--peer", required=True, choices=PEERS)
    peer = parser.parse_args().peer
    # Whatever a library prints goes to standard error: standard output carries answers only.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    train, packages = PEERS[peer]()
    seen = set()
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            reply = answer(json.loads(line), peer, train, packages, seen)
        except (work.Refused, json.JSONDecodeError, TypeError) as why:
            reply = {"error": str(why)}
        except Exception as why:
            traceback.print_exc()
            reply = {"error": f"{type(why).__name__}: {why}"}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
