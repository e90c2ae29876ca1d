import numpy as np
import pytest
from scipy import ndimage

from zoo.datasets import keyed, splices
from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import NO_JPEG, compress


@pytest.fixture(scope="module")
def made():
    host, donor = (photograph(name)[:200, :220] for name in ("astronaut", "chelsea"))
    return host, [splices.make(keyed.generator(2, i), host, donor if i % 2 else None) for i in range(30)]


def test_outside_the_region_both_versions_are_the_same(made, monkeypatch):
    monkeypatch.setattr(splices, "QUALITIES", (NO_JPEG,))
    host, donor = made[0], np.ascontiguousarray(made[0][::-1])
    for index in range(6):
        splice = splices.make(keyed.generator(7, index), host, donor if index % 2 else None)
        far = ~ndimage.binary_dilation(splice.mask, iterations=12)
        np.testing.assert_array_equal(splice.authentic[far], splice.tampered[far])
        assert (splice.authentic[splice.mask] != splice.tampered[splice.mask]).mean() > 0.5


def test_the_twin_is_the_host_but_for_the_same_handling(made):
    host, found = made
    for splice in found:
        error = np.abs(splice.authentic.astype(int) - host)
        assert error.mean() < 6  # its own content, shifted by half a pixel and encoded at most
    assert len({splice.quality for splice in found}) > 3
    assert {splice.kind for splice in found} == {"splice", "copy-move"}


def test_earlier_compression_is_the_same_in_both_versions(made, monkeypatch):
    """Host and donor are saved before at qualities of their own; the twin is made from the saved host."""
    monkeypatch.setattr(splices, "QUALITIES", (NO_JPEG,))
    saved = []
    monkeypatch.setattr(splices, "compress", lambda image, q: saved.append(q) or compress(image, q))
    host, donor = made[0], np.ascontiguousarray(made[0][::-1])
    for index, given in enumerate((donor, None)):
        saved.clear()
        splice = splices.make(keyed.generator(7, index), host, given, earlier=(60, 95))
        assert set(saved) <= {60, 95, NO_JPEG} and len(saved) == 4 - index  # host, donor, and the two versions
        far = ~ndimage.binary_dilation(splice.mask, iterations=12)
        once = compress(host, saved[0])
        np.testing.assert_array_equal(splice.authentic[far], once[far])
        np.testing.assert_array_equal(splice.tampered[far], once[far])


def test_regions_are_one_blob_of_a_fitting_size(made):
    for splice in made[1]:
        assert 0.015 < splice.mask.mean() < 0.21
        assert ndimage.label(splice.mask)[1] <= 2


def test_content_of_a_copy_move_comes_from_elsewhere_in_the_host():
    rng = np.random.default_rng(0)
    host = rng.integers(0, 256, (100, 120, 3), np.uint8)
    moved = splices._elsewhere(keyed.generator(1), host, 100, 120, True)
    pixels = {tuple(p) for p in host.reshape(-1, 3)}
    assert {tuple(p) for p in moved.reshape(-1, 3)} <= pixels
    assert (moved != host).any(-1).mean() > 0.9


def test_keyed_and_checked(made):
    host = made[0]
    one, again = (splices.make(keyed.generator(9), host, None) for _ in range(2))
    np.testing.assert_array_equal(one.tampered, again.tampered)
    with pytest.raises(ValueError, match="64 pixels"):
        splices.make(keyed.generator(9), host[:50], None)
