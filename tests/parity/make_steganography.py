"""Make ``steganography.npz``: what PyTorch computes with the networks of the steganography paper.

Command: .venv-parity/bin/python tests/parity/make_steganography.py      (made with PyTorch 2.15.0, CPU)

The networks are built as torchsummary printed them in Figures 2 and 3: the U-Net of nested blocks, whose modules are
registered in the order of the figure. Weights and images are drawn by NumPy from their names and need not be stored.
"""

import json
import zlib
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "steganography.npz"
PLATEAU = [
    1.0,
    0.9,
    0.9,
    0.89995,
    0.95,
    0.95,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    0.8,
    2e-4,
    1.9e-4,
    1.8e-4,
    1.9e-4,
    2e-4,
    2e-4,
]
PLATEAU_OPTIONS = [
    {"factor": 0.2, "patience": 2},
    {"factor": 0.1, "patience": 0, "cooldown": 2, "min_lr": 1e-5},
    {"factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
    {"factor": 0.5, "patience": 1, "mode": "max", "threshold": 0.05},
]
ADAM_STEPS = 6


def drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The tensor of that name, float32; by PyTorch's order of axes."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    values = rng.random(shape) * 2 - 1
    if len(shape) == 4:
        return (values / np.sqrt(np.prod(shape[1:]) / 2)).astype(np.float32)
    if name.endswith("running_var"):
        return (1 + values / 2).astype(np.float32)
    # Scales of batch normalisation around 1, all else around 0.
    return (values / 4 + (1 if name.endswith(".scale") else 0)).astype(np.float32)


def image(name: str, *shape: int) -> np.ndarray:
    """Pixels in [0, 1], channels last."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return rng.random(shape).astype(np.float32)


def main() -> None:
    """Build both networks in PyTorch, run them and write the file."""
    import torch
    from torch import nn

    torch.set_num_threads(1)

    class Block(nn.Module):
        """A step down, what lies below, a step up, beside the way straight on."""

        def __init__(self, outer: int, inner: int, below: nn.Module | None, outermost: bool = False) -> None:
            super().__init__()
            self.outermost = outermost
            take = 6 if outermost else outer
            down: list[nn.Module] = [nn.Conv2d(take, inner, 4, 2, 1, bias=False)]
            if not outermost:
                down = [nn.LeakyReLU(0.2, inplace=True), *down]
            if below is not None and not outermost:
                down.append(nn.BatchNorm2d(inner))
            up: list[nn.Module] = [nn.ReLU(inplace=True)]
            wide = inner if below is None else 2 * inner
            up.append(nn.ConvTranspose2d(wide, outer, 4, 2, 1, bias=outermost))
            up.append(nn.Sigmoid() if outermost else nn.BatchNorm2d(outer))
            self.model = nn.Sequential(*down, *([] if below is None else [below]), *up)

        def forward(self, x: "torch.Tensor") -> "torch.Tensor":
            return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            block = Block(400, 400, None)
            for outer, inner in ((200, 400), (100, 200), (50, 100)):
                block = Block(outer, inner, block)
            self.model = Block(3, 50, block, outermost=True)

        def forward(self, x: "torch.Tensor") -> "torch.Tensor":
            return self.model(x)

    class Reveal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            parts: list[nn.Module] = []
            for take, give in ((3, 64), (64, 128), (128, 256), (256, 128), (128, 64)):
                parts += [nn.Conv2d(take, give, 3, 1, 1), nn.BatchNorm2d(give), nn.ReLU(True)]
            self.main = nn.Sequential(*parts, nn.Conv2d(64, 3, 3, 1, 1), nn.Sigmoid())

        def forward(self, x: "torch.Tensor") -> "torch.Tensor":
            return self.main(x)

    torch.manual_seed(0)
    hiding, revealing = UNet(), Reveal()
    out: dict[str, np.ndarray] = {}
    for key, network in (("h", hiding), ("r", revealing)):
        state = network.state_dict()
        # What PyTorch's own initialisers drew: the largest magnitude and the deviation of kernels and biases.
        fresh = {n: v for n, v in state.items() if v.ndim == 4 or (n.endswith("bias") and v.std() > 0)}
        out[f"{key}_fresh"] = np.array([[float(v.abs().max()), float(v.std())] for v in fresh.values()], np.float32)
        shapes = {name: tuple(v.shape) for name, v in state.items() if v.ndim}
        norms = {n[: -len("running_var")] + "weight" for n in shapes if n.endswith("running_var")}
        labels = {name: f"{key}.{name}" + (".scale" if name in norms else "") for name in shapes}
        out[f"{key}_state"] = np.array(json.dumps([[n, labels[n], shapes[n]] for n in shapes]))
        network.load_state_dict({n: torch.from_numpy(drawn(labels[n], shapes[n])) for n in shapes}, strict=False)

    def watched(network: nn.Module, key: str) -> list:
        """Number modules as torchsummary does, in the order in which they finish, and keep what they return."""
        count = iter(range(1, 100))

        def keep(module: nn.Module, _: tuple, output: "torch.Tensor") -> None:
            line = next(count)
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.Sigmoid)):
                out[f"{key}_{line}"] = output.detach().numpy().transpose(0, 2, 3, 1).copy()
            out[f"{key}_lines"] = np.array(line)

        shown = [m for m in network.modules() if isinstance(m, Block) or not list(m.children())]
        return [m.register_forward_hook(keep) for m in shown]

    def tensor(array: np.ndarray) -> "torch.Tensor":
        return torch.from_numpy(array.transpose(0, 3, 1, 2).copy())

    hiding.eval(), revealing.eval()
    handles = watched(hiding, "h") + watched(revealing, "r")
    with torch.no_grad():
        hiding(tensor(np.concatenate([image("cover", 1, 32, 32, 3), image("secret", 1, 32, 32, 3)], -1)))
        revealing(tensor(image("container", 1, 5, 6, 3)))
    for handle in handles:
        handle.remove()

    # A step of training without the optimiser, in both precisions: losses, gradients and moving averages.
    fresh_states = hiding.state_dict(), revealing.state_dict()
    found = []
    for dtype in (torch.float64, torch.float32):
        for network, state in zip((hiding, revealing), fresh_states, strict=True):
            network.to(dtype).train().zero_grad()
            network.load_state_dict({n: v.clone().to(dtype) if v.ndim else v for n, v in state.items()})
        cover, secret = (tensor(image(f"training {name}", 2, 64, 64, 3)).to(dtype) for name in ("cover", "secret"))
        container = hiding(torch.cat([cover, secret], 1))
        distance = nn.MSELoss()
        losses = distance(container, cover), distance(revealing(container), secret)
        (losses[0] + 0.75 * losses[1]).backward()
        step = {"losses": np.array([loss.item() for loss in losses])}
        for key, network in (("h", hiding), ("r", revealing)):
            gradients = {n: p.grad for n, p in network.named_parameters()}
            first = next(n for n, p in network.named_parameters() if p.ndim == 4)
            step[f"{key}_first_gradient"] = gradients[first].numpy().transpose(2, 3, 1, 0).copy()
            step[f"{key}_gradient_norms"] = np.array([float(g.norm()) for g in gradients.values()])
            moving = next(m for m in network.modules() if isinstance(m, nn.BatchNorm2d))
            step[f"{key}_moving"] = np.stack([moving.running_mean.numpy(), moving.running_var.numpy()])
        found.append(step)
    for name, exact in found[0].items():
        out[name] = exact.astype(np.float32)
        # How far PyTorch's own single precision is off.
        out[f"{name}_off"] = np.abs(found[1][name] - exact).max()

    for i, options in enumerate(PLATEAU_OPTIONS):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1e-3)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rates = []
        for value in PLATEAU:
            rates.append(optimizer.param_groups[0]["lr"])
            schedule.step(value)
        out[f"plateau_{i}"] = np.array([*rates, optimizer.param_groups[0]["lr"]])

    parameter = nn.Parameter(torch.from_numpy(drawn("adam", (40,))))
    optimizer = torch.optim.Adam([parameter], lr=1e-3, betas=(0.5, 0.999))
    steps = []
    for i in range(ADAM_STEPS):
        parameter.grad = torch.from_numpy(drawn(f"adam {i}", (40,)))
        optimizer.step()
        steps.append(parameter.detach().numpy().copy())
    out["adam"] = np.stack(steps)
    np.savez_compressed(FILE, **out)
    print(f"{FILE}: {FILE.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
