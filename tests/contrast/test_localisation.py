"""The table of where a picture was adjusted: squares, controls, and what its AUC says."""

import numpy as np
import pytest

from zoo import tiles
from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import Photograph
from zoo.experiments.contrast.tables.localisation import Localisation, cells, square
from zoo.experiments.run.cells import DataUnavailable, Settings


@pytest.fixture
def here():
    found = Localisation(Settings("smoke"))
    images = {name: photograph(name)[:150, :160] for name in ("astronaut", "coffee")}
    found.evaluation.pictures = [Photograph(name, name, lambda name=name: images[name]) for name in images]
    return found


def test_a_square_depends_on_seed_picture_and_side_alone():
    inside = square((100, 120), 40, 3, 5)
    assert inside.sum() == 40**2
    np.testing.assert_array_equal(inside, square((100, 120), 40, 3, 5))
    assert any((inside != square((100, 120), 40, 3, other)).any() for other in range(3))
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    assert np.ptp(rows) == np.ptp(columns) == 39


@pytest.mark.parametrize(("sign", "expected"), [(1, 100), (-1, 0)])
def test_a_map_of_what_was_changed_finds_the_square(here, monkeypatch, sign, expected):
    here.stride = 4

    def changed(image, number, quality):
        difference = (image != here.evaluation.pictures[number].load()).any(-1)
        corners = tiles.positions(*difference.shape, 64, 4)
        return sign * tiles.cut(difference, corners, 64).mean((1, 2))

    monkeypatch.setattr(here, "_scores", changed)
    estimate = here.measure("gamma 1.5", 64, 0)
    assert estimate.value == pytest.approx(expected, abs=3)
    assert (estimate.n_sources, estimate.n_units) == (2, 2)
    # Nothing was adjusted: every pixel has the same value.
    assert here.measure(None, 64, 0).value == pytest.approx(50)


@pytest.mark.parametrize("quality", [0, 85])
def test_scoring_what_changed_alone_gives_the_scores_of_the_whole_picture(here, quality):
    image = here.evaluation.pictures[0].load()
    for place in (np.s_[:20, 100:], np.s_[70:134, 30:94], np.s_[140:, 150:], np.s_[:, :]):
        adjusted = image.copy()
        adjusted[place] = 255 - adjusted[place]
        adjusted = compress(adjusted, quality)
        np.testing.assert_allclose(here._scores(adjusted, 0, quality), here.network()(adjusted), atol=1e-5)


def test_small_pictures_are_left_out(here):
    with pytest.raises(DataUnavailable, match="pictures of 256 pixels a side or more"):
        here.measure(None, 128, 0)


def test_every_cell_is_measured_with_the_stored_network(here):
    found = list(cells(Settings("smoke")))
    assert {cell.column for cell in found} == {"no jpg", "95", "85"}
    assert {bool(cell.weights) for cell in found} == {True, False}
    estimate = here.measure("CLAHE 0.005", 64, 85)
    assert 0 <= estimate.ci_low <= estimate.value <= estimate.ci_high <= 100
    assert 0 <= here.measure("HS 5", 64, 0, untrained=True).value <= 100
