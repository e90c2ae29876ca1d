"""Which pictures detectors are validated for: pictures with known measurements, and of each kind that is refused."""

from functools import cache

import cv2
import numpy as np
import pytest

from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import compress
from zoo.experiments.publish.validity import STEPS, _limits, no_photographs
from zoo.validity import LIMITS, measure, not_validated

no_photographs = cache(no_photographs)  # drawing them takes a second


def _rgb(grey):
    return np.repeat(np.asarray(grey).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "motorcycle"])
def test_photographs_pass(name):
    for quality in (0, 95, 75, 50):
        assert not_validated(compress(photograph(name), quality)) == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda photo, rng: np.full((320, 320, 3), 90, np.uint8), "flat or evenly shaded: 0.0% of"),
        (lambda photo, rng: _rgb(np.add.outer(np.arange(320), np.arange(320)) // 4), "flat or evenly shaded"),
        (lambda photo, rng: _rgb(rng.integers(0, 256, (320, 320))), "like noise"),
        (lambda photo, rng: _rgb(np.where(photo[..., 0] > 99, 200, 50)), "few grey levels: the spread of 2 "),
        (lambda photo, rng: photo[:320, :320].repeat(2, 0).repeat(2, 1), "enlarged"),
        (lambda photo, rng: cv2.resize(photo, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_LINEAR), "enlarged"),
        (lambda photo, rng: photo[:250, :256], "small: 12 patches of 64x64 pixels (validated: at least 16)"),
        (lambda photo, rng: photo[:9, :9], "small: 0 patches"),
    ],
)
def test_what_is_no_such_photograph_is_refused_with_the_reason(make, reason, photo, rng):
    found = not_validated(make(photo, rng))
    assert any(text.startswith(reason) for text in found), found


def test_the_fewest_patches_can_be_given():
    small = photograph("rocket")  # 213 x 320
    assert not_validated(small) == ["small: 15 patches of 64x64 pixels (validated: at least 16)"]
    assert not_validated(small, fewest_patches=15) == []
    assert not_validated(photograph("coffee"), fewest_patches=55)[0].endswith("(validated: at least 55)")


@pytest.mark.parametrize("quality", [0, 95, 75, 50])
def test_of_sixty_pictures_that_are_no_photographs_at_most_three_pass(quality):
    made = [compress(image, quality) for pictures in no_photographs().values() for image in pictures]
    assert len(made) == 60
    assert sum(not not_validated(image) for image in made) <= 3


def test_limits_are_met_by_995_in_a_thousand_of_what_they_were_set_on(rng):
    found = [dict(zip(LIMITS, row, strict=True)) for row in rng.normal(0.9, 0.02, (1000, len(LIMITS))).tolist()]
    limits = _limits(found)
    for name in set(LIMITS) - {"likeness", "outlines"}:  # which lie midway to noise, and to drawings
        allowed = sum(limits[name].allows(one[name]) for one in found)
        assert allowed >= 995 and limits[name].highest == LIMITS[name].highest
        assert limits[name].value / STEPS[name] == pytest.approx(round(limits[name].value / STEPS[name]))
    made = no_photographs(0)
    noisy = [measure(compress(image, q))["likeness"] for image in made["noise"] for q in (0, 95, 75, 50)]
    edge = np.quantile([one["likeness"] for one in found], 0.005)
    assert limits["likeness"].value == pytest.approx((edge + max(noisy)) / 2, abs=STEPS["likeness"])
    kinds = ("drawing", "cartoon", "screenshot", "page", "chart")
    drawn = [measure(compress(image, q))["outlines"] for kind in kinds for image in made[kind] for q in (0, 95, 75, 50)]
    edge = np.quantile([one["outlines"] for one in found], 0.995)
    assert limits["outlines"].value == pytest.approx((edge + min(drawn)) / 2, abs=STEPS["outlines"])


def test_blocks_are_counted():
    """Of 128 blocks 32 are flat, 64 have texture and 32 an edge."""
    flat, texture, edge = np.full((8, 8), 100), 100 + 4 * np.indices((8, 8)).sum(0) % 8, np.full((8, 8), 100)
    edge[:, 4:] = 180
    kinds = np.repeat([0, 1, 2], [16, 32, 16])
    patch = np.block([[[flat, texture, edge][kinds[8 * row + column]] for column in range(8)] for row in range(8)])
    found = measure(_rgb(np.hstack([patch, patch])))
    assert found["texture"] == pytest.approx(64 / 96)
    assert found["outlines"] == 0  # flat blocks and edges lie two rows apart


def test_edges_that_touch_flat_blocks_are_counted():
    """Of 128 blocks 32 have an edge. Of these 4 touch a flat one of their patch, by a side; a corner does not count."""
    texture, edge = 100 + 4 * np.indices((8, 8)).sum(0) % 8, np.full((8, 8), 100)
    edge[:, 4:] = 180
    flat = np.full((8, 8), 100) + np.eye(8, dtype=int) * 2
    kinds = np.zeros((8, 8), int)
    kinds[:2] = 1
    kinds[2, [0, 7]] = 2  # below the edges
    patch = np.block([[(texture, edge, flat)[kinds[row, column]] for column in range(8)] for row in range(8)])
    assert measure(_rgb(np.hstack([patch, patch])))["outlines"] == pytest.approx(4 / 128)


@pytest.mark.parametrize("kind", ["drawing", "cartoon", "screenshot", "page", "chart"])
def test_drawings_are_found_after_jpeg_too(kind):
    for image in no_photographs(2)[kind]:
        for quality in (0, 95, 75, 50):
            assert not LIMITS["outlines"].allows(measure(compress(image, quality))["outlines"])


def test_known_measurements(rng):
    flat = {"texture": 0, "outlines": 0, "levels": 1, "likeness": 1, "period": 0}
    assert measure(np.full((300, 299, 3), 90, np.uint8)) == flat
    values = np.arange(16).repeat(256)
    assert measure(_rgb(rng.permutation(values).reshape(64, 64) * 16))["levels"] == pytest.approx(16)
    assert measure(_rgb(rng.integers(0, 256, (256, 256))))["likeness"] == pytest.approx(0, abs=0.02)
    # The mean of each pixel and its three neighbours below and right: neighbours share half of what they are made of.
    noise = rng.normal(128, 60, (257, 257))
    blurred = (noise[1:, 1:] + noise[:-1, 1:] + noise[1:, :-1] + noise[:-1, :-1]) / 4
    assert measure(_rgb(np.clip(blurred, 0, 255)))["likeness"] == pytest.approx(0.5, abs=0.03)


def test_blocks_of_jpeg_are_no_traces_of_enlarging(photo):
    period = LIMITS["period"]
    for quality in (90, 70, 40, 20):
        assert period.allows(measure(compress(photo, quality))["period"])
    for factor in (2, 3):
        assert not period.allows(measure(compress(photo[:200, :200].repeat(factor, 0).repeat(factor, 1), 95))["period"])


def test_a_picture_is_the_same_turned(photo):
    assert measure(photo.transpose(1, 0, 2)) == pytest.approx(measure(photo), rel=1e-6)


@pytest.mark.parametrize("image", [np.zeros((99, 99)), np.zeros((99, 99, 3))])
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="uint8 RGB"):
        not_validated(image)


def test_a_picture_without_a_patch_cannot_be_measured(photo):
    with pytest.raises(ValueError, match="at least 64x64"):
        measure(photo[:63])
