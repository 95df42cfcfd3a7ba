"""The speed of Ablate beside its peers: the same work, on one core, in one call, by turns.

    python3 benches/bench.py ABLATE PEERS_PYTHON [--rounds N] [--only NAME,…] [--json FILE]

ABLATE is the program built from benches/speed.rs (or what `cargo build --message-format=json` said when it built it), PEERS_PYTHON the Python of the peers' environment. Every peer is a
process of its own that waits while another works. Figures are medians over the rounds; ratios compare medians of the
same call, since machines are noisy.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"

# Name, network, epochs of a request for Ablate and for a peer that trains runs one by one, runs at once in Ablate.
NETS = [
    ("1-16-1", [1, 16, 1], 400, 20, 8),
    ("1-32-32-32-1", [1, 32, 32, 32, 1], 60, 15, 8),
    ("1-64-64-1", [1, 64, 64, 1], 40, 15, 8),
    ("1-256-256-1", [1, 256, 256, 1], 20, 8, 2),
    ("seed's", [1, 20, 100, 1000, 100, 20, 1], 10, 4, 1),
]
# What is asked for: at least so many times as fast as PyTorch with fused Adam and as the best JAX, share of the peak.
TARGETS = {
    "1-16-1": (20, 2.5, None),
    "1-32-32-32-1": (15, 2.3, None),
    "1-64-64-1": (10, 2.0, 0.45),
    "1-256-256-1": (2.8, 1.5, 0.70),
    "seed's": (2.5, 1.6, 0.70),
}
# Requests of one network that differ in one thing: within twice the time of the first.
VARIANTS = [
    ("relu, f32", {}),
    *((name, {"activation": name}) for name in (
        "linear", "elu", "selu", "gelu", "silu", "mish", "softplus", "tanh", "sigmoid", "hard_tanh", "relu6", "gaussian",
        "square")),
    *((f"{name} norm", {"layer_norm": name}) for name in ("batch", "layer", "rms")),
    ("f64", {"precision": "f64"}),
    ("sgd", {"optimizer": "sgd"}),
]
JAX_RUNS = (1, 8, 32)
EXAMPLES, BATCH = 1000, 100


def program(path):
    """The program itself, or the one that cargo's messages in this file name."""
    if path.suffix != ".json":
        return str(path)
    built = [json.loads(line) for line in path.read_text().splitlines()]
    return next(item["executable"] for item in built if item.get("executable") and item["target"]["name"] == "speed")


class Peer:
    """A process that answers requests, pinned to one core."""

    def __init__(self, name, command, core):
        self.name = name
        pin = lambda: os.sched_setaffinity(0, {core})  # noqa: E731
        environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pin, env=environment
        )

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            sys.exit(f"{self.name} ended at {request}; its own message is above")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(f"{self.name} cannot do {request}: {answer['error']}")
        return answer

    def step(self, **request):
        """Microseconds of one step of one run."""
        answer = self.ask(examples=EXAMPLES, batch=BATCH, **request)
        # Processor time: what else the machine does at the time is not in it.
        return answer["cpu_seconds"] / answer["steps"] / answer["runs"] * 1e6

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def flops(net):
    """Of one step: a multiplication and an addition a weight and example, forward, for weights and for inputs."""
    pairs = list(zip(net, net[1:]))
    return sum(BATCH * 2 * a * b * (2 if index == 0 else 3) for index, (a, b) in enumerate(pairs))


def networks(ablate, peers, rounds, chosen):
    rows = []
    for name, net, epochs, peer_epochs, runs in NETS:
        if chosen and name not in chosen:
            continue
        asks = {"ablate": lambda: ablate.step(net=net, runs=runs, epochs=epochs)}
        for peer in peers.values():
            if peer.name == "jax":
                for together in JAX_RUNS:
                    wanted = max(2, epochs // together)
                    asks[f"jax {together}"] = lambda t=together, e=wanted: peers["jax"].step(net=net, runs=t, epochs=e)
            elif peer.name == "torch-bmm":
                wanted = max(2, epochs // 32)
                asks["torch-bmm"] = lambda e=wanted: peers["torch-bmm"].step(net=net, runs=32, epochs=e)
            elif peer.name == "keras-seed":
                if name == "seed's":
                    asks["keras-seed"] = lambda: peers["keras-seed"].step(net=net, runs=1, epochs=4)
            else:
                asks[peer.name] = lambda p=peer: p.step(net=net, runs=1, epochs=peer_epochs)
        times, peaks = {key: [] for key in asks}, []
        for _ in range(rounds):
            for key, ask in asks.items():
                times[key].append(ask())
            peaks.append(ablate.ask(peak=True)["gflops"])
        row = {key: statistics.median(values) for key, values in times.items()}
        row |= {"net": name, "gflops": flops(net) / row["ablate"] / 1e3, "peak": statistics.median(peaks)}
        rows.append(row)
        report(row)
    return rows


def report(row):
    name, ours = row["net"], row["ablate"]
    share = row["gflops"] / row["peak"]
    print(f"\n{name}: {ours:.2f} µs a step a run, {row['gflops']:.1f} GFLOP/s, "
          f"{share:.0%} of the {row['peak']:.0f} GFLOP/s of one core's matrix products")
    for key, value in row.items():
        if isinstance(value, float) and key not in ("ablate", "gflops", "peak"):
            print(f"  {key:<12} {value:10.2f} µs   {value / ours:6.1f} times Ablate's")
    fused, jax, least = TARGETS[name]
    jaxes = [value for key, value in row.items() if key.startswith("jax")]
    checks = [("PyTorch with fused Adam", row.get("torch-fused", 0) / ours, fused)]
    checks += [("the best JAX", min(jaxes) / ours, jax)] if jaxes else []
    checks += [("share of peak", share, least)] if least else []
    for what, value, target in checks:
        print(f"  {'reached' if value >= target else 'MISSED '}  {what}: {value:.2f}, asked for {target}")


def variants(ablate, rounds):
    print("\n1-64-64-1, one thing changed (asked for: at most 2 times the first)")
    net = [1, 64, 64, 1]
    times = {name: [] for name, _ in VARIANTS}
    for _ in range(rounds):
        for name, change in VARIANTS:
            times[name].append(ablate.step(net=net, runs=4, epochs=20, **change))
    first = statistics.median(times[VARIANTS[0][0]])
    rows = {}
    for name, values in times.items():
        rows[name] = statistics.median(values)
        print(f"  {name:<12} {rows[name]:8.2f} µs   {rows[name] / first:5.2f}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ablate", type=Path)
    parser.add_argument("python")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", default="torch-eager,torch-fused,torch-bmm,jax,keras-seed")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    ablate = Peer("ablate", [program(arguments.ablate)], core)
    names = [name for name in arguments.peers.split(",") if name]
    peers = {name: Peer(name, [arguments.python, str(PEERS / "peer.py"), "--peer", name], core) for name in names}
    chosen = [name for name in arguments.only.split(",") if name]
    result = {"networks": networks(ablate, peers, arguments.rounds, chosen)}
    result["variants"] = variants(ablate, arguments.rounds)
    for peer in [ablate, *peers.values()]:
        peer.close()
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
