"""Draw the README's picture: what each family does, on photographs that come with scikit-image and generated scenes.

Command: python -m zoo.experiments.publish.overview   (in a checkout; writes docs/assets/overview.png)
Time:    a minute on one core

Nobody picks the photographs: a seed draws them from those that are large enough for the panel. A family whose weights
are not stored yet has no panel.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

import zoo.weights
from zoo.adversarial import KNNDetector, SmallOverFeat, attacks
from zoo.adversarial.digits import digits
from zoo.contrast.detector import ContrastDetector
from zoo.contrast.operators import clahe
from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose, linearise, shoot
from zoo.datasets.embedded import SCENES, photograph
from zoo.experiments.publish import ROOT
from zoo.experiments.run.plotting import pyplot, save
from zoo.imaging.developing import bayer, pipeline
from zoo.imaging.prnu import CorrelationPredictor, FingerprintSums, tampering_map

SIDE = 256
SEED = 0
"""Draws the photographs, panel by panel."""
ADVERSARIAL = "adversarial-overfeat.digits"


class Panel(NamedTuple):
    """What goes in and what comes out: pictures, uint8 RGB or float (height, width) in 0..1 for a heatmap."""

    title: str
    above: np.ndarray
    note: str
    below: np.ndarray
    result: str


def contrast(rng: np.random.Generator) -> Panel:
    """Return a picture of which the right half was adjusted, and where the stored network sees that."""
    (image,) = _drawn(rng, 384, 384)
    image[:, 192:] = clahe(image, 7)[:, 192:]
    heat = ContrastDetector().heatmap(image, stride=16)
    return Panel("contrast", image, "right half adjusted (CLAHE)", heat, "where it looks adjusted")


def imaging(rng: np.random.Generator) -> Panel:
    """Return a photograph as a sensor records it, and developed."""
    body = Body(CAMERAS["birch"], serial=1)
    (scene,) = _drawn(rng, SIDE, SIDE)
    mosaic = expose(linearise(scene), body, keyed.generator(1))
    raw = as_raw(mosaic, body)
    codes = np.zeros((*mosaic.shape, 3), np.float32)
    for plane, ((y, x), colour) in enumerate(zip(bayer.SITES[raw.cfa], (0, 1, 1, 2), strict=True)):
        codes[y::2, x::2, colour] = raw.balanced_planes[..., plane]
    mosaicked = (np.sqrt(np.clip(codes, 0, 1))[96:160, 96:160] * 255).astype(np.uint8)
    enlarged = cv2.resize(mosaicked, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    developed = (pipeline.develop(raw) * 255).astype(np.uint8)
    return Panel("imaging", enlarged, "RAW: the sensor's mosaic, enlarged", developed, "developed")


def prnu(rng: np.random.Generator) -> Panel:
    """Return a photograph with a piece from another camera, and the probability that a place is not this camera's."""
    body, other = (Body(CAMERAS["dogwood"], serial) for serial in (1, 2))
    sums = FingerprintSums()
    pictures = [_developed(shoot(body, 0, index, SIDE, SIDE), body) for index in range(24)]
    for picture in pictures[:16]:
        sums.add(picture)
    fingerprint = sums.fingerprint()
    predictor = CorrelationPredictor.fit(fingerprint, pictures[16:], window=65, windows_per_image=200)
    (scene,) = _drawn(rng, SIDE, SIDE)
    picture, piece = (_developed(expose(linearise(scene), b, keyed.generator(2, b.serial)), b) for b in (body, other))
    picture[20:110, 165:250] = piece[20:110, 165:250]
    heat = tampering_map(picture, fingerprint, predictor).full_size()
    cv2.rectangle(picture, (165, 20), (250, 110), (0, 0, 0), 1)
    return Panel("imaging: PRNU", picture, "in the frame: from another camera", heat, "where the fingerprint is not")


def adversarial(_: np.random.Generator) -> Panel:
    """Return a digit before and after an attack, with the detector's scores."""
    model = SmallOverFeat(weights=ADVERSARIAL)
    images, labels = digits("train")
    detector = KNNDetector(model, "pool5", k=120, dimensions=32).fit((images.astype(np.float32), labels))
    test, truth = (part[:60] for part in digits("test"))
    attacked = attacks.to_8_bits(attacks.fgsm(model, test.astype(np.float32), eps=48))
    scores = [detector.score(x.astype(np.float32)) for x in (test, attacked)]
    classes = [model.predict_on_batch(x.astype(np.float32)).argmax(1) for x in (test, attacked)]
    # The example whose two scores are the median of all fooled examples: neither the best nor the worst.
    fooled = np.flatnonzero((classes[0] == truth) & (classes[1] != truth))
    chosen = fooled[np.argsort((scores[0] - scores[1])[fooled])[len(fooled) // 2]]
    large = [cv2.resize(x[chosen], (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) for x in (test, attacked)]
    notes = [f'"{c[chosen]}", score {s[chosen]:.2f}' for c, s in zip(classes, scores, strict=True)]
    return Panel("adversarial", large[0], f"digit: {notes[0]}", large[1], f"attacked: {notes[1]}")


def steganography(rng: np.random.Generator) -> Panel:
    """Return a cover with a secret image in it, and what is revealed."""
    from zoo.steganography.hiding import ImageHider

    hider = ImageHider()
    container = hider.hide(*_drawn(rng, SIDE, count=2))
    return Panel("steganography", container, "a picture with another in it", hider.reveal(container), "revealed")


def hyperimage(rng: np.random.Generator) -> Panel:
    """Return the scores of a photograph before and after compression."""
    from zoo.datasets.jpeg import compress
    from zoo.hyperimage.detector import QualityScorer

    (image,) = _drawn(rng, SIDE)
    worse, scorer = compress(image, 8), QualityScorer()
    notes = [f"score {scorer.score(x):.1f} of 9" for x in (image, worse)]
    return Panel("hyperimage", image, notes[0], worse, f"JPEG 8: {notes[1]}")


PANELS: dict[Callable[[np.random.Generator], Panel], str] = {
    contrast: "contrast-aware.photographs",
    adversarial: ADVERSARIAL,
    steganography: "steganography-h-net.photographs",
    imaging: "",
    prnu: "",
    hyperimage: "hyperimage-quality-stage-two.photographs",
}
"""What draws a panel, and the weights it needs."""


def draw(path: Path) -> None:
    """Write the picture as PNG, at once and whole."""
    plt = pyplot()

    known = zoo.weights.names()
    rng = keyed.generator(SEED)
    panels = [panel(rng) for panel, weights in PANELS.items() if not weights or weights in known]
    figure, axes = plt.subplots(2, len(panels), figsize=(2.6 * len(panels), 5.9), squeeze=False)
    for column, panel in zip(axes.T, panels, strict=True):
        parts = ((panel.above, panel.note), (panel.below, panel.result))
        for axis, (image, text) in zip(column, parts, strict=True):
            heat = {"cmap": "turbo", "vmin": 0, "vmax": 1} if image.ndim == 2 else {}
            axis.imshow(image, interpolation="nearest", **heat)
            axis.set_xlabel(text, fontsize=8)
            axis.set(xticks=[], yticks=[])
        column[0].set_title(panel.title, fontsize=11)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path, dpi=94)  # below 900 kB: git keeps every version


def _drawn(rng: np.random.Generator, side: int, least: int = 0, count: int = 1) -> list[np.ndarray]:
    """Return the middles, of at most ``side`` pixels, of different photographs with sides of ``least`` or more."""
    large = [image for image in map(photograph, SCENES) if min(image.shape[:2]) >= least]
    middles = []
    for _ in range(count):
        image = large.pop(int(rng.integers(len(large))))
        top, left = (max(0, length - side) // 2 for length in image.shape[:2])
        middles.append(np.ascontiguousarray(image[top : top + side, left : left + side]))
    return middles


def _developed(mosaic: np.ndarray, body: Body) -> np.ndarray:
    return np.rint(pipeline.develop(as_raw(mosaic, body)) * 255).astype(np.uint8)


def main() -> None:
    """Draw it into this checkout."""
    draw(ROOT / "docs" / "assets" / "overview.png")


if __name__ == "__main__":
    main()
