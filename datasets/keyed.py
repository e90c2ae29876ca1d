"""Randomness that resumes: every draw is a pure function of (seed, epoch, index), never of what ran before.

A training that is killed and resumed at an epoch's start then sees exactly the examples it would have seen, in the same
order, on any backend. ``tf.data``'s ``shuffle`` cannot do that: its position is not saved with the model.
"""

from functools import lru_cache

import numpy as np


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return a NumPy generator that depends on ``seed`` and the integers of ``key`` alone (each 0 or above).

    Raises:
        ValueError: For a negative seed or key.
    """
    if min((seed, *key)) < 0:
        raise ValueError(f"seed and key must be 0 or above. Received: {(seed, *key)}")
    # Philox is counter-based: streams of neighbouring keys are independent.
    # The length belongs to the seed: SeedSequence takes (1, 2) and (1, 2, 0) for the same.
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, len(key), *key])))


def permutation(n: int, seed: int, epoch: int) -> np.ndarray:
    """Return a permutation of ``range(n)``, int64 (n,), for this epoch."""
    return generator(seed, epoch, 0x5EED).permutation(n)


def in_turn(number: int, count: int, seed: int) -> int:
    """Return the ``number``-th of an endless row of permutations of ``range(count)``: all once before any again."""
    turn, place = divmod(number, count)
    return int(_turn(count, seed, turn)[place])


@lru_cache(maxsize=4)
def _turn(count: int, seed: int, turn: int) -> np.ndarray:
    return permutation(count, seed, turn)
