import itertools

import keras
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from zoo.steganography.contact_sheet import contact_sheet
from zoo.steganography.measures import apd_levels, apd_ratio, mse, psnr, ssim
from zoo.steganography.steganalysis import spam


@pytest.fixture
def images(rng, photo):
    noisy = np.clip(photo[:60, :80] + rng.normal(0, 6, (60, 80, 3)), 0, 255).astype(np.uint8)
    return photo[:60, :80], noisy


def test_apd_is_that_of_a_picture_difference(images):
    # Pillow's difference image and its mean a channel, which is what the cited tool does.
    means = ImageStat.Stat(ImageChops.difference(*map(Image.fromarray, images))).mean
    assert apd_levels(*images) == pytest.approx(np.mean(means))
    assert apd_ratio(*images) == pytest.approx(sum(m / 255 for m in means) / 3)
    white = np.full((4, 4, 3), 255, np.uint8)
    assert apd_ratio(white, white * 0) == 1


def test_mse_psnr_and_ssim(images):
    first, second = (image / 255 for image in images)
    assert mse(*images) == pytest.approx(np.mean((first - second) ** 2))
    assert psnr(*images) == pytest.approx(10 * np.log10(1 / np.mean((first - second) ** 2)))
    assert psnr(images[0], images[0]) == np.inf
    assert ssim(images[0], images[0]) == pytest.approx(1)
    # Keras's own, in float32 and without the borders that scikit-image leaves out too.
    theirs = keras.ops.image.ssim(first[None].astype("float32"), second[None].astype("float32"), max_val=1.0)
    assert ssim(*images) == pytest.approx(float(theirs[0]), abs=5e-3)


def test_measures_refuse_what_they_cannot_compare(images):
    for measure in (mse, psnr, apd_ratio, apd_levels):
        with pytest.raises(ValueError, match="Received"):
            measure(images[0], images[1][1:])
        with pytest.raises(ValueError, match="float64"):
            measure(images[0] / 255, images[1])
    with pytest.raises(ValueError, match="11 pixels"):
        ssim(images[0][:10], images[1][:10])


def test_spam_counts_transitions_of_differences(rng):
    image = rng.integers(0, 3, (9, 10, 3), np.uint8)
    found = spam(image)
    assert found.shape == (686,)
    # By hand: the first half is the mean over four directions of P(third | first, second).
    total = np.zeros((7, 7, 7))
    for turned in (image, image[:, ::-1], image.transpose(1, 0, 2), image[::-1].transpose(1, 0, 2)):
        counts = np.zeros((7, 7, 7))
        for row in turned.astype(int):
            for channel in row.T:
                d = np.clip(channel[:-1] - channel[1:], -3, 3) + 3
                for triple in zip(d, d[1:], d[2:], strict=False):
                    counts[triple] += 1
        total += counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    np.testing.assert_allclose(found[:343].reshape(7, 7, 7), total / 4, atol=1e-6)
    counts = np.zeros((7, 7, 7))
    diagonals = [image.astype(int)[i : i + 6, i : i + 7] for i in range(4)]
    d = [np.clip(a - b, -3, 3) + 3 for a, b in itertools.pairwise(diagonals)]
    np.add.at(counts, tuple(x.ravel() for x in d), 1)
    one = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    others = [spam(np.ascontiguousarray(v))[343:] for v in (image[:, ::-1], image[::-1], image[::-1, ::-1])]
    for other in others:  # the mean over four directions does not depend on how the picture is turned over
        np.testing.assert_allclose(other, found[343:], atol=1e-6)
    assert np.abs(one.ravel() - found[343:]).max() < 1
    with pytest.raises(ValueError, match="8 pixels"):
        spam(image[:5])


def test_spam_of_colour_differences_sees_nothing_that_all_channels_share(rng):
    image, common = rng.integers(0, 200, (16, 20, 3), np.uint8), rng.integers(0, 50, (16, 20, 1), np.uint8)
    assert np.abs(spam(image + common) - spam(image)).max() > 0.01
    found = spam(image, colour_differences=True)
    np.testing.assert_array_equal(spam(image + common, colour_differences=True), found)
    np.testing.assert_array_equal(spam(image[..., ::-1], colour_differences=True), found)
    # Where R and B exceed G by the same amount, the features are those of a grey picture of that amount.
    excess = rng.integers(0, 4, (16, 20, 1), np.uint8)
    coloured = common + excess * np.array([1, 0, 1], np.uint8)
    np.testing.assert_allclose(spam(coloured, colour_differences=True), spam(excess.repeat(3, axis=2)), atol=1e-6)


def test_contact_sheet_places_and_magnifies(rng):
    cover, secret, revealed = rng.integers(0, 240, (3, 8, 9, 3), np.uint8)
    sheet = contact_sheet([(cover, cover + 5, secret, revealed)] * 2)
    assert sheet.shape == (4 + 2 * 12, 4 + 5 * 13, 3)
    np.testing.assert_array_equal(sheet[4:12, 4:13], cover)
    assert (sheet[16:24, 30:39] == 178).all()
    np.testing.assert_array_equal(sheet[16:24, 56:65], revealed)
    with pytest.raises(ValueError, match="one size"):
        contact_sheet([(cover, cover, secret[1:], revealed)])
    with pytest.raises(ValueError, match="at least one row"):
        contact_sheet([])
