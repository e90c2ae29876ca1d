"""PRNU where the truth is known: synthetic cameras with a photo response that can be looked up."""

import functools
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose
from zoo.images import undo_orientation
from zoo.imaging.developing.pipeline import develop
from zoo.imaging.prnu import (
    ORIENTATIONS,
    CorrelationPredictor,
    FingerprintSums,
    best_f1,
    correlation,
    identify,
    match,
    noise_residual,
    peak_to_correlation_energy,
    tampering_map,
)

SIDE = 256
OWN = Body(CAMERAS["dogwood"], serial=1)
SAME_MODEL = [Body(CAMERAS["dogwood"], serial=n) for n in (2, 3, 4)]
OTHER_MODELS = [Body(CAMERAS[name], serial=1) for name in ("alder", "birch", "cedar")]
SEEN, NEW = range(24), range(24, 32)
THRESHOLD = 60
"""PCE from which a picture counts as this camera's; Goljan, Fridrich and Filler 2009."""


@functools.cache
def photograph(body, number, artefact=0.0):
    """A camera's 8-bit picture of scene ``number``; ``artefact`` is a periodic response that all cameras share."""
    rng = keyed.generator(9, number)
    smooth, fine = (rng.normal(size=(n, n)).astype(np.float32) for n in (6, 64))
    scene = np.exp(0.5 * cv2.resize(smooth, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) - 0.9)
    scene *= np.exp(0.06 * cv2.resize(fine, (SIDE, SIDE)))
    scene = np.minimum(scene, 0.95)[..., None] * rng.uniform(0.6, 1, 3).astype(np.float32)
    mosaic = expose(scene, body, keyed.generator(9, number, body.serial))
    if artefact:
        black = min(body.model.black)
        mosaic = np.uint16(np.clip(black + (mosaic - black) * (1 + artefact * _shared_by_all()), 0, body.model.white))
    picture = np.rint(255 * develop(as_raw(mosaic, body), "bilinear")).astype(np.uint8)
    picture.flags.writeable = False
    return picture


@functools.cache
def _shared_by_all():
    rng = np.random.default_rng(3)
    block = np.tile(rng.normal(size=(8, 8)), (SIDE // 8, SIDE // 8))  # such as of a compression inside the camera
    columns, rows = rng.normal(size=(1, SIDE)), rng.normal(size=(SIDE, 1))  # of the amplifiers
    return np.float32(block + columns + rows)


@pytest.fixture(scope="module")
def pictures():
    return [photograph(OWN, n) for n in SEEN]


@pytest.fixture(scope="module")
def fingerprint(pictures):
    sums = FingerprintSums()
    for picture in pictures:
        sums.add(picture)
    return sums.fingerprint()


def _jpeg(picture, quality):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


PROCESSING = {
    "as it is": lambda p: p,
    "JPEG 90": lambda p: _jpeg(p, 90),
    "JPEG 75": lambda p: _jpeg(p, 75),
    "denoised by a median": lambda p: cv2.medianBlur(p, 3),
    "denoised by a bilateral filter": lambda p: cv2.bilateralFilter(p, 5, 16, 1.5),
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 0.6),
    "cropped": lambda p: p[21:221, 37:247],
    "cropped, JPEG 90": lambda p: _jpeg(p[21:221, 37:247], 90),
}


def test_fingerprint_is_the_true_pattern(fingerprint):
    truth = OWN.prnu((SIDE, SIDE))
    assert correlation(fingerprint, truth) > 0.6
    for body in SAME_MODEL:
        # Of two unrelated patterns of n pixels the correlation is normal with deviation 1 / sqrt(n).
        assert abs(correlation(fingerprint, body.prnu((SIDE, SIDE)))) < 4 / SIDE


def test_more_photographs_are_nearer_to_the_truth(pictures, fingerprint):
    few = FingerprintSums()
    for picture in pictures[:4]:
        few.add(picture)
    truth = OWN.prnu((SIDE, SIDE))
    assert correlation(few.fingerprint(), truth) < correlation(fingerprint, truth) - 0.1


@pytest.mark.parametrize("name", PROCESSING)
def test_own_pictures_stand_out_from_all_others(fingerprint, name):
    process = PROCESSING[name]
    own = [match(fingerprint, process(photograph(OWN, n))) for n in NEW]
    other = [match(fingerprint, process(photograph(b, n))) for b in (*SAME_MODEL, *OTHER_MODELS) for n in NEW]
    assert {m.status() for m in own} == {"match"}
    assert {m.status() for m in other} == {"no match"}
    assert max(m.pce for m in other) < THRESHOLD
    assert {m.shift for m in own} == {(21, 37) if "cropped" in name else (0, 0)}


def test_every_orientation_is_found_and_paid_for(fingerprint):
    for number in ORIENTATIONS:
        picture = photograph(OWN, NEW[1])[:192]
        # Undoing a quarter to the left is a quarter to the right.
        shown = undo_orientation(picture, {6: 8, 8: 6}.get(number, number))
        found = match(fingerprint, shown, orientations=ORIENTATIONS)
        assert (found.status(), found.orientation, found.shift) == ("match", number, (0, 0))
    other = photograph(SAME_MODEL[0], NEW[1])
    alone, all_eight = match(fingerprint, other), match(fingerprint, other, orientations=ORIENTATIONS)
    single = [match(fingerprint, other, orientations=(n,)).p_value for n in ORIENTATIONS]
    assert (alone.searched, all_eight.searched) == (1, 8)
    assert all_eight.p_value == pytest.approx(1 - (1 - min(single)) ** 8)


def test_several_cameras_share_the_level(fingerprint):
    cameras = {"own": fingerprint} | {str(n): body.prnu((SIDE, SIDE)) for n, body in enumerate(OTHER_MODELS)}
    found = identify(cameras, photograph(OWN, NEW[2]))
    assert [name for name, one in found.items() if one.status() == "match"] == ["own"]
    alone = match(cameras["1"], photograph(OWN, NEW[2]))
    assert found["1"].p_value == pytest.approx(1 - (1 - alone.p_value) ** 4)
    assert found["1"].deviations == alone.deviations


@pytest.mark.parametrize("orientations", [(), (0,), (1, 9)])
def test_other_orientations_are_refused(fingerprint, orientations):
    with pytest.raises(ValueError, match=r"orientations from 1 to 8\. Received: 1 cameras"):
        match(fingerprint, photograph(OWN, NEW[0]), orientations=orientations)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(fingerprint, value):
    picture = photograph(OWN, NEW[0]).astype(np.float32)
    broken = fingerprint.copy()
    broken[3, 4] = picture[3, 4, 1] = value
    for call in (
        lambda: match(fingerprint, picture),
        lambda: match(broken, photograph(OWN, NEW[0])),
        lambda: identify({"a": fingerprint, "b": broken}, photograph(OWN, NEW[0])),
        lambda: peak_to_correlation_energy(fingerprint, picture[..., 1]),
        lambda: match(fingerprint, photograph(OWN, NEW[0]) / 255),
    ):
        with pytest.raises(ValueError, match="finite numbers") as refused:
            call()
        assert "\n" not in str(refused.value) and "Received" in str(refused.value)


DAMAGE = {
    "too small": lambda p: p[:63],
    "too dark": lambda p: (p * 0.05).astype(np.uint8),
    "too bright": lambda p: np.uint8(np.clip(p * 60.0, 0, 255)),
    "too smooth": lambda p: cv2.GaussianBlur(p, (0, 0), 6),
}


@pytest.mark.parametrize("reason", DAMAGE)
def test_pictures_that_show_no_noise_get_no_verdict(fingerprint, reason):
    for number in NEW:
        picture = photograph(OWN, number)
        assert match(fingerprint, picture).reason == ""
        found = match(fingerprint, DAMAGE[reason](picture))
        assert found.status() == "cannot say"
        assert found.reason.startswith(reason)


def test_larger_pictures_are_found_as_well(fingerprint):
    part = fingerprint[40:200, 30:240]
    found = match(part, photograph(OWN, NEW[0]))
    assert found.shift == (-40, -30)
    assert found.pce > THRESHOLD


def test_artefacts_that_all_bodies_share_do_not_match():
    strength = 0.006
    raw, sums = 0, FingerprintSums()
    for n in SEEN:
        picture = photograph(OWN, n, strength)
        sums.add(picture)
        raw = raw + noise_residual(picture)[..., 1]
    fingerprint = sums.fingerprint()
    own = [photograph(OWN, n, strength) for n in NEW]
    other = [photograph(b, n, strength) for b in SAME_MODEL for n in NEW]
    # Without the clean-up the artefact alone would convict every body of the model.
    blamed = [peak_to_correlation_energy(raw, noise_residual(p)[..., 1]).pce > THRESHOLD for p in other]
    assert np.mean(blamed) > 0.9
    assert max(match(fingerprint, p).pce for p in other) < THRESHOLD
    assert min(match(fingerprint, p).pce for p in own) > THRESHOLD


@pytest.fixture(scope="module")
def predictor(fingerprint):
    return CorrelationPredictor.fit(fingerprint, [photograph(OWN, n) for n in NEW[:4]], 65, 200)


def test_predictor_knows_where_prnu_shows(fingerprint, predictor):
    picture = photograph(OWN, NEW[5])
    measured = tampering_map(picture, fingerprint, predictor, 16)
    # Windows without the fingerprint correlate like white noise, a little more: residuals are not white.
    assert measured.chance.min() > 1 / 65 and measured.chance.max() < 2 / 65
    assert np.mean(measured.correlation) == pytest.approx(np.mean(measured.predicted), abs=0.05)
    assert np.corrcoef(measured.correlation.ravel(), measured.predicted.ravel())[0, 1] > 0.8
    dark = (picture * 0.1).astype(np.uint8)
    assert predictor.predict(dark).mean() < 0.5 * measured.predicted.mean()


def test_map_finds_the_flipped_square(fingerprint, predictor):
    square = np.s_[80:176, 80:176]
    truth = np.zeros((SIDE, SIDE), bool)
    truth[square] = True
    scores = []
    for n in NEW[4:]:
        picture = photograph(OWN, n).copy()
        untouched = tampering_map(picture, fingerprint, predictor)
        picture[square] = picture[square][:, ::-1]
        found = tampering_map(picture, fingerprint, predictor)
        assert found.full_size()[square].mean() > untouched.full_size()[square].mean() + 0.3
        assert untouched.full_size().mean() < 0.2
        scores.append(best_f1(found.full_size(), truth)[0])
    # Calling everything tampered gives 2 * 96^2 / (96^2 + 256^2).
    assert np.mean(scores) > 0.7 > 2 * 0.25
