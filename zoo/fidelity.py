"""The option ``fidelity``: follow the authors' code, which produced the paper's numbers, or the paper's text."""

from typing import Literal

Fidelity = Literal["original", "paper"]


def check_fidelity(fidelity: str) -> str:
    """Return ``fidelity`` if it is "original" or "paper"; else raise ValueError."""
    if fidelity not in ("original", "paper"):
        raise ValueError(f"fidelity must be 'original' or 'paper'. Received: {fidelity!r}")
    return fidelity
