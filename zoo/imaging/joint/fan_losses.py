"""The forensic network's losses, by name."""

from collections.abc import Callable
from typing import Any

from keras import ops


def double_softmax(labels: Any, probabilities: Any) -> Any:
    """Compute the loss that produced the paper's numbers: cross-entropy with softmax outputs treated as logits.

    The authors' code until 2020. For five classes it lies between .905 and 1.905 and is 1.609 for a guess, so that its
    gradients are small and bounded; the paper's scale of lambda belongs to it.

    Args:
        labels: int, (...).
        probabilities: float (..., classes), each row of sum 1.

    Returns:
        The loss of each example, (...).
    """
    return ops.sparse_categorical_crossentropy(labels, probabilities, from_logits=True)


def cross_entropy(labels: Any, probabilities: Any) -> Any:
    """Standard cross-entropy (equation 2b with its missing minus sign); arguments as for ``double_softmax``."""
    return ops.sparse_categorical_crossentropy(labels, probabilities)


FAN_LOSSES: dict[str, Callable[[Any, Any], Any]] = {"double_softmax": double_softmax, "cross_entropy": cross_entropy}


def fan_loss(name: str) -> Callable[[Any, Any], Any]:
    """Return the loss ``name``.

    Raises:
        ValueError: For a name that is not in ``FAN_LOSSES``.
    """
    if name not in FAN_LOSSES:
        raise ValueError(f"fan_loss must be one of {', '.join(FAN_LOSSES)}. Received: {name!r}")
    return FAN_LOSSES[name]
