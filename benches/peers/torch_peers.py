"""PyTorch: runs one after the other as one would write it, or all at once as batched matrix products."""

import torch

import work

torch.set_num_threads(1)
torch.set_num_interop_threads(1)

MODULES = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}
FUNCTIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "linear": lambda x: x}


def adam(parameters, fused):
    # fused=None leaves the choice to PyTorch: on the processor, tensor by tensor in Python.
    return torch.optim.Adam(
        parameters, lr=work.RATE, betas=(work.BETA1, work.BETA2), eps=work.EPSILON, fused=fused or None
    )


def network(request, run):
    """A `Sequential` with this run's initial weights."""
    modules = []
    for w, b in work.weights(request, run):
        layer = torch.nn.Linear(*w.shape, dtype=getattr(torch, request.dtype))
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(w.T.copy()))
            layer.bias.copy_(torch.from_numpy(b))
        modules += [layer] if request.activation == "linear" else [layer, MODULES[request.activation]()]
    # The output layer has no activation.
    return torch.nn.Sequential(*modules[: None if request.activation == "linear" else -1])


def fit(model, x, y, request, run, fused):
    """Trains one network. Returns the mean loss of the last epoch's batches."""
    optimizer = adam(model.parameters(), fused)
    generator = torch.Generator().manual_seed(request.seed + run)
    mean_squared_error = torch.nn.functional.mse_loss
    for _ in range(request.epochs):
        order = torch.randperm(request.examples, generator=generator)
        total = torch.zeros((), dtype=x.dtype)
        for features, targets in zip(x[order].split(request.batch), y[order].split(request.batch)):
            optimizer.zero_grad()
            loss = mean_squared_error(model(features), targets)
            loss.backward()
            optimizer.step()
            total += loss.detach()
    return total.item() / request.batches


def one_by_one(fused):
    def train(request):
        watch, losses = work.Watch(), []
        for run in range(request.runs):
            x, y = (torch.from_numpy(side) for side in work.examples(request, run))
            model = network(request, run)
            with watch:
                losses.append(fit(model, x, y, request, run, fused))
        return watch, losses

    return train


def all_at_once(request):
    """One tensor [runs, in, out] a layer, `baddbmm`, autograd, and one fused Adam over all runs."""
    x, y, layers = work.stacked(request)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    layers = [
        (torch.from_numpy(w).requires_grad_(), torch.from_numpy(b).unsqueeze(1).contiguous().requires_grad_())
        for w, b in layers
    ]
    with work.Watch() as watch:
        losses = fit_all(layers, x, y, request)
    return watch, losses


def fit_all(layers, x, y, request):
    activation = FUNCTIONS[request.activation]
    optimizer = adam([tensor for layer in layers for tensor in layer], True)
    generator = torch.Generator().manual_seed(request.seed)
    run = torch.arange(request.runs).unsqueeze(1)
    for _ in range(request.epochs):
        # A shuffle of its own for every run; one by one they are cheaper than one sort of random keys for all.
        order = torch.stack([torch.randperm(request.examples, generator=generator) for _ in range(request.runs)])
        total = torch.zeros(request.runs, dtype=x.dtype)
        for hidden, targets in zip(x[run, order].split(request.batch, 1), y[run, order].split(request.batch, 1)):
            for w, b in layers[:-1]:
                hidden = activation(torch.baddbmm(b, hidden, w))
            w, b = layers[-1]
            losses = (torch.baddbmm(b, hidden, w) - targets).square().mean((1, 2))
            optimizer.zero_grad()
            # The sum over runs: no run's gradient depends on another run.
            losses.sum().backward()
            optimizer.step()
            total += losses.detach()
    return (total / request.batches).tolist()
