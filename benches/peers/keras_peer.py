"""Keras on PyTorch, as the founding question's script trains: a Sequential of Dense layers and `fit`."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

import work

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


def train(request):
    keras.config.set_dtype_policy(request.dtype)
    watch, losses = work.Watch(), []
    for run in range(request.runs):
        keras.utils.set_random_seed(request.seed + run)
        x, y = work.examples(request, run)
        model = keras.Sequential([keras.Input((request.net[0],))])
        for width in request.net[1:-1]:
            model.add(keras.layers.Dense(width, activation=request.activation))
        model.add(keras.layers.Dense(1))
        model.set_weights([part for layer in work.weights(request, run) for part in layer])
        model.compile(optimizer=keras.optimizers.Adam(), loss="mean_squared_error")
        with watch:
            history = model.fit(x, y, epochs=request.epochs, batch_size=request.batch, verbose=0)
        losses.append(history.history["loss"][-1])
    return watch, losses
