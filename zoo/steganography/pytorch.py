"""Load PyTorch's weights: state dicts of the public relative, whose networks are these, into H-net and R-net."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np


def load_pytorch(model: keras.Model, state: Mapping[str, Any] | str | Path) -> None:
    """Load a state dict into an ``HNet`` or ``RNet``, in place.

    ``state`` maps names to tensors or arrays, or is the path of a file of ``torch.save`` (opened with
    ``weights_only=True``, which needs PyTorch). Tensors are matched by order, which is the order of the figures: the
    names depend on how a network was wrapped (``module.main.0.weight``). Every shape is checked before anything is
    assigned.

    Kernels go from (out, in, height, width) to (height, width, in, out), those of transposed convolutions from
    (in, out, height, width) to (height, width, out, in); neither is flipped.

    Raises:
        ValueError: When the file cannot be read, or does not hold this network's tensors; nothing is assigned then.
    """
    if isinstance(state, (str, Path)):
        state = _read(Path(state))
    found = [
        (name, value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value))
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    ]
    arrays = [(name, value.transpose(2, 3, 1, 0) if value.ndim == 4 else value) for name, value in found]
    variables = [v for layer in model.layers for v in layer.weights]
    expected = [tuple(v.shape) for v in variables]
    if [value.shape for _, value in arrays] != expected:
        differing = [
            f"{name} {value.shape}"
            for (name, value), shape in zip(arrays, expected, strict=False)
            if value.shape != shape
        ]
        raise ValueError(
            f"The state dict does not hold {model.name}'s {len(expected)} tensors. "
            f"Received: {len(arrays)} tensors; the first that differ (in Keras's order of axes): {differing[:3]}"
        )
    for variable, (_, value) in zip(variables, arrays, strict=True):
        variable.assign(value)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise ValueError(f"PyTorch is needed to read its files: pip install torch. Received: {path}") from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling raises nearly everything
        raise ValueError(f"Not a state dict of torch.save. Received: {path} ({type(error).__name__})") from error
    if not isinstance(state, Mapping):
        raise ValueError(f"Not a state dict of torch.save. Received: {path} with a {type(state).__name__}")
    return state
