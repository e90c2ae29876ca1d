"""Random draws that are pure functions of a seed.

An integer hash rather than a backend's generator: it takes the seed as a tensor, and every backend draws the same.
"""

from typing import Any

from keras import ops

from zoo.layers.jpeg_checks import check_quality_range


def random_quality(seed: Any, batch: Any, low: int, high: int) -> Any:
    """Draw integers uniformly from ``low`` to ``high``, both included.

    Args:
        seed: int, or an integer tensor () or (2,).
        batch: How many to draw, int or tensor.
        low: Lowest quality, at least 1.
        high: Highest quality, at most 100.

    Returns:
        float32 tensor (batch,).

    Raises:
        ValueError: For a seed of another shape or ends that are no range within 1..100.
    """
    check_quality_range(low, high)
    return ops.minimum(low + ops.floor(random_uniform(seed, batch) * (high - low + 1)), float(high))


def random_uniform(seed: Any, batch: Any, stream: int = 0) -> Any:
    """Draw from [0, 1), float32 (batch,); another ``stream`` gives independent numbers for the same seed.

    Raises:
        ValueError: For a seed that is neither an integer nor of shape (2,).
    """
    if isinstance(seed, int):
        seed = [seed & 0x7FFFFFFF, seed >> 31 & 0x7FFFFFFF]
    seed = ops.cast(ops.convert_to_tensor(seed), "int32")
    if tuple(seed.shape) not in ((), (2,)):
        raise ValueError(f"seed must be an integer or of shape (2,). Received: shape {tuple(seed.shape)}")
    state = ops.arange(0, batch, dtype="int32")
    words = [seed[0], seed[1]] if len(seed.shape) == 1 else [seed, 0]
    for word in (*words, stream):
        state = _scramble(_scramble(state) + word)
    # The upper bits: a float32 holds 24 of them.
    return ops.cast(ops.bitwise_and(ops.right_shift(state, 8), (1 << 24) - 1), "float32") / float(1 << 24)


def _scramble(x: Any) -> Any:
    """Mix the bits of an int32 (the lowbias32 hash of C. Wellons; products wrap around)."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B - (1 << 32)), (16, 1)):
        # The shift is arithmetic: mask what the sign filled in.
        x = ops.bitwise_xor(x, ops.bitwise_and(ops.right_shift(x, shift), (1 << (32 - shift)) - 1)) * factor
    return x
