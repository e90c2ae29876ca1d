"""Fit the gamma network that INet starts from: y = v . tanh(w x + b) + c with four units, y = x^(1/2.2) on [0, 1].

Paper: Korus and Memon 2019, supplement, Table 2, footnote 2 (a two-layer network trained apart; no numbers printed).

Command:  python -m zoo.experiments.imaging.developing.gamma_network
Expected: the constants of ``zoo/imaging/developing/inet_init.py``, root mean square error below .003
Time:     seconds on one core
"""

import numpy as np
from scipy.optimize import least_squares

GAMMA = 1 / 2.2
UNITS = 4


def fit(seed: int = 0, restarts: int = 6, points: int = 1001) -> tuple[np.ndarray, float]:
    """Least squares on a uniform grid, the best of random starts; returns (w, b, v, c), (13,), and the RMS error."""
    x = np.linspace(0, 1, points)
    target = x**GAMMA
    rng = np.random.default_rng(seed)
    best, error = np.zeros(3 * UNITS + 1), np.inf
    for _ in range(restarts):
        begin = rng.normal(0, 1, 3 * UNITS + 1)
        begin[:UNITS] *= np.array([1, 5, 20, 60])  # the curve is steep at 0
        # Bounded slopes: the network that is trained from these weights must stay smooth.
        begin = np.clip(begin, -99, 99)
        found = least_squares(lambda p: evaluate(p, x) - target, begin, bounds=(-100, 100), max_nfev=200)
        root = float(np.sqrt(np.mean(found.fun**2)))
        if root < error:
            best, error = found.x, root
    return best, error


def evaluate(parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the network's output at ``x``, (n,)."""
    w, b, v = parameters[:-1].reshape(3, UNITS)
    return np.tanh(np.multiply.outer(x, w) + b) @ v + parameters[-1]


def main() -> None:
    """Print the constants."""
    parameters, error = fit()
    w, b, v = parameters[:-1].reshape(3, UNITS)
    for name, values in (("W", w), ("B", b), ("V", v)):
        print(f"GAMMA_{name} = ({', '.join(f'{value:.6f}' for value in values)})")
    print(f"GAMMA_C = {parameters[-1]:.6f}")
    print(f"# root mean square error {error:.6f}")


if __name__ == "__main__":
    main()
