"""JAX: one compiled loop over epochs and batches, over all runs by `vmap`."""

import functools
import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
from jax import lax

import work

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "linear": lambda x: x}


def loss_of(layers, x, y, activation):
    for w, b in layers[:-1]:
        x = activation(x @ w + b)
    w, b = layers[-1]
    return jnp.mean((x @ w + b - y) ** 2)


def adam(layers, first, second, slopes, step):
    """One step of Adam, its two corrections folded into the rate."""
    step = step.astype(slopes[0][0].dtype)
    rate = work.RATE * jnp.sqrt(1 - work.BETA2**step) / (1 - work.BETA1**step)
    first = jax.tree.map(lambda m, g: work.BETA1 * m + (1 - work.BETA1) * g, first, slopes)
    second = jax.tree.map(lambda v, g: work.BETA2 * v + (1 - work.BETA2) * g * g, second, slopes)
    layers = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + work.EPSILON), layers, first, second)
    return layers, first, second


def shuffle(key, count):
    """A random order of `count` examples."""
    bits = (count - 1).bit_length()
    if bits > 12:
        return jax.random.permutation(key, count)
    # Index and random bits packed into one number: XLA sorts these three times as fast as `permutation` sorts pairs, and
    # at least 20 random bits are left.
    keys = jax.random.bits(key, (count,), jnp.uint32) << bits | jnp.arange(count, dtype=jnp.uint32)
    return lax.sort(keys, is_stable=False) & ((1 << bits) - 1)


def train_one(layers, first, second, key, x, y, epochs, *, activation, batch):
    """Trains one run. The number of epochs is an argument of the compiled code, not part of it."""
    batches = x.shape[0] // batch
    slope = jax.value_and_grad(functools.partial(loss_of, activation=activation))

    def step(carry, pair):
        layers, first, second, count = carry
        loss, slopes = slope(layers, *pair)
        layers, first, second = adam(layers, first, second, slopes, count + 1)
        return (layers, first, second, count + 1), loss

    def epoch(index, carry):
        state, _ = carry
        order = shuffle(jax.random.fold_in(key, index), x.shape[0])
        shuffled = [side[order].reshape(batches, batch, -1) for side in (x, y)]
        state, losses = lax.scan(step, state, shuffled)
        return state, losses.mean()

    start = ((layers, first, second, jnp.zeros((), jnp.int32)), jnp.zeros((), x.dtype))
    (layers, first, second, _), loss = lax.fori_loop(0, epochs, epoch, start)
    return layers, first, second, loss


@functools.partial(jax.jit, static_argnames=("activation", "batch"), donate_argnums=(0, 1, 2))
def train_all(layers, first, second, keys, x, y, epochs, *, activation, batch):
    one = functools.partial(train_one, activation=ACTIVATIONS[activation], batch=batch)
    return jax.vmap(one, in_axes=(0, 0, 0, 0, 0, 0, None))(layers, first, second, keys, x, y, epochs)


def train(request):
    with jax.enable_x64(request.precision == "f64"):
        x, y, layers = jax.tree.map(jnp.asarray, work.stacked(request))
        first, second = (jax.tree.map(jnp.zeros_like, layers) for _ in range(2))
        keys = jax.vmap(jax.random.key)(request.seed + jnp.arange(request.runs))
        jax.block_until_ready((x, y, layers, first, second, keys))
        with work.Watch() as watch:
            *_, losses = train_all(
                layers, first, second, keys, x, y, request.epochs, activation=request.activation, batch=request.batch
            )
            losses = losses.tolist()  # waits until it is computed
        return watch, losses
