"""Box-constrained L-BFGS attack (Szegedy et al. 2013; Tabacof and Valle 2016), equation 1 of Carrara et al. 2018."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.optimize import minimize

from zoo.adversarial.attacks.checks import Clip, checked_classes, checked_images, outputs, parts, predicted
from zoo.adversarial.gradients import cross_entropy, logits_model, value_and_gradient
from zoo.adversarial.lockstep import Search, run
from zoo.fidelity import Fidelity, check_fidelity

Solve = Callable[[float, np.ndarray], tuple[np.ndarray, int]]
"""(C, start) -> (disturbance, class predicted with it)."""
_Request = tuple[np.ndarray, np.ndarray, int, float, bool]
"""Image, disturbance, target, C, and whether the class is asked for instead of loss and gradient."""
OVERFEAT_DEVIATION = 61.896913
_LARGEST_C = 1e6


def lbfgs(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    fidelity: Fidelity = "original",
    clip: Clip = (0, 255),
    deviation: float = OVERFEAT_DEVIATION,
    evaluations: int = 150,
    batch_size: int = 64,
) -> np.ndarray:
    """Find the smallest disturbance that makes ``model`` predict ``targets``; float32.

    SciPy's L-BFGS-B with the original's settings (15 corrections, factr 1e7, gradient 1e-5, at most 150 evaluations) in
    the space of inputs divided by ``deviation`` grey levels, within the box of ``clip``.

    - ``"original"`` (Tabacof and Valle's program) minimises ``H + C ||r||^2``: C weighs the norm. C starts at .01 and
      grows tenfold, each run starting from the last one's result, until the attack fails (the class stays); then C is
      bisected between 0 and there, each run starting from zero, until the interval is a tenth of that C; the result
      comes from a run with the lower bound as it was before the last step.
    - ``"paper"`` minimises equation 1, ``||r|| + C H``. C starts at .01 and grows tenfold until the attack succeeds;
      then it is bisected between the last two, down to a tenth of the upper, and the smallest C that succeeds counts.

    Some attacks fail (8 of 1,000 in the paper); their images are returned like the others, so look at the prediction.

    Args:
        model: A classifier of one input that ends in softmax or logits.
        images: Float (n, height, width, channels) within ``clip``.
        targets: Class to be predicted for each image.
        fidelity: See above.
        clip: Value range of the model's images.
        deviation: Grey levels that make a disturbance of 1; the original works on OverFeat's normalised inputs.
        evaluations: Most evaluations of the network a run.
        batch_size: Images that are searched side by side, each by itself.

    Raises:
        ValueError: For images outside ``clip``, targets that are not classes, or an unknown fidelity.
    """
    check_fidelity(fidelity)
    images = checked_images(images, clip)
    targets = checked_classes(model, targets, len(images), "targets")
    scale = deviation * (clip[1] - clip[0]) / 255
    original_classes = predicted(model, images, 64)
    logits = logits_model(model)
    search = _search_original if fidelity == "original" else _search_paper

    def loss(r: Any, image: Any, target: Any, c: Any) -> Any:
        entropy = cross_entropy(outputs_tensor(logits(image + r * scale, training=False)), target)
        square = ops.sum(r * r, axis=(1, 2, 3))
        # The norm has no gradient at 0, where every run of the paper's rule starts.
        return entropy + c * square if fidelity == "original" else c * entropy + ops.sqrt(square + 1e-12)

    gradient = value_and_gradient(loss)

    def answer(requests: list[_Request]) -> list[Any]:
        # Filled up to a power of two: other shapes would be compiled anew.
        filled = requests + requests[:1] * ((1 << (len(requests) - 1).bit_length()) - len(requests))
        image, r = (np.stack([request[i] for request in filled]) for i in (0, 1))
        target, c = np.array([q[2] for q in filled], np.int32), np.array([q[3] for q in filled], np.float32)
        values, slopes = gradient(r, image, target, c)
        classes = np.empty(0, int)
        if any(q[4] for q in requests):
            classes = outputs(model.predict_on_batch(_apply(image, r, scale, clip))).argmax(-1)
        return [int(classes[i]) if q[4] else (float(values[i]), slopes[i]) for i, q in enumerate(requests)]

    def one(image: np.ndarray, target: int, before: int) -> Search:
        bounds = np.stack([(clip[0] - image).ravel(), (clip[1] - image).ravel()], 1) / scale

        def attack(ask: Callable[[_Request], Any]) -> np.ndarray:
            def solve(c: float, start: np.ndarray) -> tuple[np.ndarray, int]:
                def objective(r: np.ndarray) -> tuple[float, np.ndarray]:
                    value, slope = ask((image, r.reshape(image.shape), target, c, False))
                    return value, slope.ravel().astype(np.float64)

                options = {"maxcor": 15, "ftol": 1e7 * np.finfo(float).eps, "gtol": 1e-5, "maxfun": evaluations}
                r = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
                return r, ask((image, r.reshape(image.shape), target, c, True))

            return _apply(image, search(solve, np.zeros(image.size), target, before).reshape(image.shape), scale, clip)

        return attack

    found = []
    for part in parts(len(images), batch_size):
        problems = zip(images[part], targets[part], original_classes[part], strict=True)
        found += run([one(image, int(target), int(before)) for image, target, before in problems], answer)
    return np.stack(found)


def outputs_tensor(result: Any) -> Any:
    """Return the first of a model's outputs, as a tensor."""
    return result[0] if isinstance(result, list | tuple) else result


def _apply(image: np.ndarray, r: np.ndarray, scale: float, clip: Clip) -> np.ndarray:
    return np.clip(image + r * scale, *clip).astype(np.float32)


def _search_original(solve: Solve, zero: np.ndarray, target: int, before: int) -> np.ndarray:
    c, r = 0.01, zero
    while True:
        r, found = solve(c, r)
        if found == before or c >= _LARGEST_C:
            break
        c *= 10
    low, high, final = 0.0, c, 0.0
    while high - low > c / 10:
        final = low
        middle = (low + high) / 2
        _, found = solve(middle, zero)
        low, high = (middle, high) if found == target else (low, middle)
    return solve(final, zero)[0]


def _search_paper(solve: Solve, zero: np.ndarray, target: int, before: int) -> np.ndarray:
    del before  # the rule asks for the target alone
    low, c = 0.0, 0.01
    best, found = solve(c, zero)
    while found != target and c < _LARGEST_C:
        low, c = c, c * 10
        best, found = solve(c, zero)
    high = c
    while found == target and high - low > high / 10:
        middle = (low + high) / 2
        r, reached = solve(middle, zero)
        if reached == target:
            best, high = r, middle
        else:
            low = middle
    return best
