"""Smooth stand-ins for rounding, and their derivatives.

- sinusoidal: x - sin(2 pi x) / (2 pi); Korus and Memon, CVPR 2019, equation 3.
- harmonic: x + sum over k = 1..n of (-1)^k sin(2 pi k x) / (pi k), the Fourier series of rounding, same paper.
- cubic: round(x) + (x - round(x))^3; Shin and Song, "JPEG-resistant adversarial images", NeurIPS workshop 2017.
- soft: round going forward, the sinusoidal derivative going backward; the later code of Korus and Memon.
- straight-through: round going forward, derivative 1; Bengio, Leonard and Courville, arXiv:1308.3432.
"""

from typing import Any, Literal

import numpy as np
from keras import ops

Rounding = Literal["libjpeg", "round", "sinusoidal", "harmonic", "cubic"]
ROUNDINGS: tuple[str, ...] = ("libjpeg", "round", "sinusoidal", "harmonic", "cubic")
Gradient = Literal["straight_through", "sinusoidal", "harmonic", "cubic", "soft"]
GRADIENTS: tuple[str, ...] = ("straight_through", "sinusoidal", "harmonic", "cubic", "soft")

# Polynomials in the square of the turn, least squares at Chebyshev nodes; off by 6e-7 and 4e-7 at most in float32.
_SINE = (6.283185005, -41.34159088, 81.59994507, -76.61447144, 41.34288406, -12.47124386)
_COSINE = (1.0, -19.73920441, 64.93911743, -85.4501419, 60.16762924, -25.96759987, 6.52865839)


def round_smoothly(x: Any, mode: str, terms: int) -> Any:
    """Round a float tensor as ``mode`` (of ``ROUNDINGS`` but libjpeg, or of ``GRADIENTS``) does going forward."""
    nearest = ops.round(x)
    if mode in ("round", "soft", "straight_through"):
        return nearest
    rest = x - nearest
    if mode == "cubic":
        return nearest + rest * rest * rest
    if mode == "sinusoidal":
        return x - sine_of_turns(rest) / (2 * np.pi)
    total = x
    for k, sine in enumerate(_multiples(sine_of_turns(rest), cosine_of_turns(rest), terms, 0.0), 1):
        total = total + sine * ((-1) ** k / (np.pi * k))
    return total


def derivative(x: Any, mode: str, terms: int) -> Any:
    """Return the derivative that ``mode`` (of ``GRADIENTS``) uses going backward."""
    if mode == "straight_through":
        return ops.ones_like(x)
    rest = x - ops.round(x)
    if mode == "cubic":
        return 3.0 * rest * rest
    cosine = cosine_of_turns(rest)
    if mode in ("sinusoidal", "soft"):
        return 1.0 - cosine
    total = ops.ones_like(x)
    for k, multiple in enumerate(_multiples(cosine, cosine, terms, 1.0), 1):
        total = total + multiple * (2.0 * (-1) ** k)
    return total


def _multiples(first: Any, cosine: Any, terms: int, zeroth: float) -> list:
    """Sine or cosine of 1, 2, ... times an angle, by Chebyshev's recurrence."""
    values = [zeroth, first]
    while len(values) <= terms:
        values.append(2.0 * cosine * values[-1] - values[-2])
    return values[1 : terms + 1]


def sine_of_turns(x: Any) -> Any:
    """Return sin(2 pi x) for -0.5 <= x <= 0.5.

    A polynomial: XLA calls the C library's sine for one element at a time on a CPU, six times as slow.
    """
    return x * _polynomial(x * x, _SINE)


def cosine_of_turns(x: Any) -> Any:
    """Return cos(2 pi x) for -0.5 <= x <= 0.5."""
    return _polynomial(x * x, _COSINE)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total
