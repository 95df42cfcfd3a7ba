"""Do the peers do the same work? Trains one small network with each and compares their losses.

    benches/peers/.venv/bin/python benches/peers/check.py

All start from the same examples and weights and differ in their shuffles alone. So the first epoch's losses have to be
nearly equal, and the last ones close. Exits with 1 where they are not.
"""

import json
import pathlib
import subprocess
import sys

from peer import PEERS

RUNS, EPOCHS = 4, 30
REQUEST = {"net": [1, 16, 16, 1], "runs": RUNS, "examples": 1000, "batch": 100}
FIRST, LAST = 0.10, 0.20  # how far a peer's losses may lie from the first peer's, relatively
CASES = [("f32", "relu"), ("f64", "relu"), ("f32", "tanh"), ("f32", "linear")]


def ask(peer, requests):
    """The answers of a peer started for these requests."""
    command = [sys.executable, pathlib.Path(__file__).with_name("peer.py"), "--peer", peer]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    ended = subprocess.run(command, input=lines, capture_output=True, text=True)
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    if ended.returncode or len(answers) != len(requests):
        sys.exit(f"{peer} ended with {ended.returncode} after {len(answers)} answers:\n{ended.stderr}")
    for answer in answers:
        if "error" in answer:
            sys.exit(f"{peer}: {answer['error']}\n{ended.stderr}")
    return answers


def apart(losses, reference):
    """The largest relative distance of two lists of losses."""
    return max(abs(loss / other - 1) for loss, other in zip(losses, reference))


def main():
    requests = [
        {**REQUEST, "precision": precision, "activation": activation, "epochs": epochs}
        for precision, activation in CASES
        for epochs in (1, EPOCHS)
    ]
    wrong = []
    reference = None
    for peer in PEERS:
        losses = [answer["loss"] for answer in ask(peer, requests)]
        reference = reference or losses
        for case, first, last, others in zip(CASES, losses[::2], losses[1::2], zip(reference[::2], reference[1::2])):
            distances = apart(first, others[0]), apart(last, others[1])
            fine = distances[0] < FIRST and distances[1] < LAST and sum(last) < sum(first) / 2
            print(
                f"{peer:12} {' '.join(case):11} loss after 1 epoch {sum(first) / RUNS:.4f}, "
                f"after {EPOCHS} {sum(last) / RUNS:.5f}; at most {distances[0]:.1%} and {distances[1]:.1%} from "
                f"{next(iter(PEERS))}{'' if fine else '  WRONG'}",
                flush=True,
            )
            wrong += [] if fine else [peer]
    if wrong:
        sys.exit(f"not the same work: {', '.join(dict.fromkeys(wrong))}")


if __name__ == "__main__":
    main()
