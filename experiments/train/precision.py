"""Under which Keras dtype policy the layers of a training are built."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import keras

from zoo.experiments.run.environment import device

FASTEST = "fastest"


def fastest_precision() -> str:
    """``mixed_bfloat16`` where the hardware computes in it (a GPU, AVX512-BF16, AMX), else ``float32``.

    Emulated on a CPU without these, bfloat16 is slower than float32, not faster.
    """
    flags = Path("/proc/cpuinfo")
    native = flags.exists() and re.search(r"\b(avx512_bf16|amx_bf16)\b", flags.read_text())
    return "mixed_bfloat16" if native or not device().startswith("CPU") else "float32"


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a Keras dtype policy, or ``FASTEST``; afterwards the policy is what it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(fastest_precision() if policy == FASTEST else policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
