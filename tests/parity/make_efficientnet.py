"""Make efficientnet.npz: what PyTorch gives for EfficientNet-Lite0 with drawn weights, and a small state dict.

Command: python tests/parity/make_efficientnet.py   (in an environment with PyTorch)

The weights are drawn again by the test, by ``drawn``; the file holds outputs alone.
"""

import io
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

BLOCKS = [
    (kernel, stride if first else 1, expansion, filters)
    for blocks, kernel, stride, expansion, filters in (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    )
    for first in [True] + [False] * (blocks - 1)
]


def drawn() -> dict[str, np.ndarray]:
    """Weights of the network by the names of PyTorch's port, from a fixed seed."""
    rng, state = np.random.default_rng(0), {}

    def convolution(name: str, *shape: int) -> None:
        state[f"{name}.weight"] = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)

    def norm(name: str, depth: int) -> None:
        state[f"{name}.weight"] = rng.uniform(0.5, 1.0, depth).astype(np.float32)
        state[f"{name}.bias"] = rng.normal(0, 0.1, depth).astype(np.float32)
        state[f"{name}.running_mean"] = rng.normal(0, 0.3, depth).astype(np.float32)
        state[f"{name}.running_var"] = rng.uniform(0.5, 1.5, depth).astype(np.float32)

    convolution("_conv_stem", 32, 3, 3, 3)
    norm("_bn0", 32)
    depth = 32
    for number, (kernel, _, expansion, filters) in enumerate(BLOCKS):
        place, wide = f"_blocks.{number}.", depth * expansion
        if expansion > 1:
            convolution(f"{place}_expand_conv", wide, depth, 1, 1)
            norm(f"{place}_bn0", wide)
        convolution(f"{place}_depthwise_conv", wide, 1, kernel, kernel)
        norm(f"{place}_bn1", wide)
        convolution(f"{place}_project_conv", filters, wide, 1, 1)
        norm(f"{place}_bn2", filters)
        depth = filters
    convolution("_conv_head", 1280, depth, 1, 1)
    norm("_bn1", 1280)
    state["_fc.weight"] = rng.normal(0, 0.05, (1000, 1280)).astype(np.float32)
    state["_fc.bias"] = rng.normal(0, 0.1, 1000).astype(np.float32)
    return state


def image() -> np.ndarray:
    """The picture that is classified, uint8 (1, 224, 224, 3)."""
    coarse = np.random.default_rng(1).integers(0, 256, (1, 28, 28, 3), np.uint8)
    return coarse.repeat(8, 1).repeat(8, 2)


def forward(state: dict[str, np.ndarray], pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Some activations of the network, (batch, channels, height, width)."""
    weights = {name: torch.from_numpy(value) for name, value in state.items()}
    found = {}

    def convolve(x: torch.Tensor, name: str, stride: int = 1, each: bool = False) -> torch.Tensor:
        kernel = weights[f"{name}.weight"]
        pads = []
        for length, side in ((x.shape[3], kernel.shape[3]), (x.shape[2], kernel.shape[2])):
            total = max((-(-length // stride) - 1) * stride + side - length, 0)
            pads += [total // 2, total - total // 2]
        return functional.conv2d(functional.pad(x, pads), kernel, stride=stride, groups=x.shape[1] if each else 1)

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance, scale, shift = (
            weights[f"{name}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, variance, scale, shift, eps=1e-3)

    x = (torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2) - 127) / 128
    x = found["stem"] = functional.relu6(norm(convolve(x, "_conv_stem", 2), "_bn0"))
    for number, (_, stride, expansion, filters) in enumerate(BLOCKS):
        place, before = f"_blocks.{number}.", x
        if expansion > 1:
            x = functional.relu6(norm(convolve(x, f"{place}_expand_conv"), f"{place}_bn0"))
        x = functional.relu6(norm(convolve(x, f"{place}_depthwise_conv", stride, True), f"{place}_bn1"))
        x = norm(convolve(x, f"{place}_project_conv"), f"{place}_bn2")
        x = found[f"block{number + 1:02d}"] = x + before if stride == 1 and before.shape[1] == filters else x
    x = found["head"] = functional.relu6(norm(convolve(x, "_conv_head"), "_bn1"))
    x = found["features"] = x.mean((2, 3))
    x = found["logits"] = functional.linear(x, weights["_fc.weight"], weights["_fc.bias"])
    found["predictions"] = functional.softmax(x, 1)
    return {name: value.numpy() for name, value in found.items()}


def main() -> None:
    """Write efficientnet.npz beside this file."""
    found = forward(drawn(), image())
    kept = {name: found[name] for name in ("block16", "features", "logits", "predictions")}
    # The other maps are large: the mean over places of each channel.
    kept |= {f"{name} mean": value.mean((2, 3)) for name, value in found.items() if value.ndim == 4}
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = OrderedDict(
        plain=whole,
        part=whole[1:3, ::2],
        turned=whole.T,
        half=torch.tensor([0.5, -2.0], dtype=torch.float16),
        count=torch.tensor(7),
    )
    state._metadata = OrderedDict(version=1)
    file, zipped = io.BytesIO(), io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=False)
    torch.save(state, zipped)
    stored = {
        "state_dict": np.frombuffer(file.getvalue(), np.uint8),
        "zipped": np.frombuffer(zipped.getvalue(), np.uint8),
    }
    np.savez_compressed(Path(__file__).with_name("efficientnet.npz"), **kept, **stored)


if __name__ == "__main__":
    main()
