"""Make overfeat.npz: a narrow net_weight_0, an image, and the activations of the same network in PyTorch.

Command: python tests/parity/make_overfeat.py   (in an environment with PyTorch)
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

WIDTHS, CLASSES = (4, 5, 6, 7, 8, 9, 10), 7
KERNELS = (11, 5, 3, 3, 3, 6, 1, 1)


def main() -> None:
    """Write overfeat.npz beside this file."""
    rng = np.random.default_rng(0)
    depth, blob, tensors = 3, b"", []
    for filters, kernel in zip((*WIDTHS, CLASSES), KERNELS, strict=True):
        weights = rng.normal(0, 1.4 / (kernel * depth**0.5), (filters, depth, kernel, kernel)).astype("<f4")
        biases = rng.normal(0, 0.1, filters).astype("<f4")
        blob += weights.tobytes() + biases.tobytes()
        tensors.append((torch.from_numpy(weights), torch.from_numpy(biases)))
        depth = filters
    image = rng.integers(0, 256, (1, 231, 231, 3)).astype(np.float32)
    found = {}
    x = (torch.from_numpy(image).permute(0, 3, 1, 2) - 118.380948) / 61.896913
    for number, (weights, biases) in enumerate(tensors, 1):
        x = functional.conv2d(
            x, weights, biases, stride=4 if number == 1 else 1, padding=1 if number in (3, 4, 5) else 0
        )
        if number == 8:
            break
        x = functional.relu(x)
        found[f"conv{number}" if number < 6 else f"fc{number}"] = x
        if number in (1, 2, 5):
            x = functional.max_pool2d(x, 2)
            found[f"pool{number}"] = x
    found |= {"fc8": x, "logits": x.flatten(1), "predictions": functional.softmax(x.flatten(1), 1)}
    arrays = {name: value.numpy() for name, value in found.items()}
    stored = {"net_weight_0": np.frombuffer(blob, np.uint8), "image": image.astype(np.uint8)} | arrays
    np.savez_compressed(Path(__file__).with_name("overfeat.npz"), **stored)


if __name__ == "__main__":
    main()
