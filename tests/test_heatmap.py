"""A heatmap's colours, range and record, read back out of the file."""

import numpy as np
import pytest
from PIL import Image

from zoo.heatmap import write_heatmap
from zoo.images import ImageError, read_image


@pytest.mark.parametrize("size", [(5, 7), (300, 400), (40, 900)])
def test_the_same_value_has_the_same_colour_in_every_picture(tmp_path, size):
    image = np.full((*size, 3), 128, np.uint8)
    colours = []
    for heat in (np.full(size, 0.05), np.where(np.arange(size[1]) % 2, 0.05, 0.2) * np.ones((size[0], 1))):
        write_heatmap(tmp_path / "h.png", image, heat, high=0.2)
        drawn = read_image(tmp_path / "h.png")
        np.testing.assert_array_equal(drawn[: size[0], : size[1]], image)
        colours.append(drawn[0, size[1] + 1])
        # The colour bar says it as well: the middle of its lowest quarter's end.
        bar = drawn[: max(size[0], 4 * max(13, 2 * size[1] // 75)), 2 * size[1] + max(13, 2 * size[1] // 75)]
        assert np.abs(bar.astype(int) - colours[-1]).sum(1).min() <= 12
    np.testing.assert_array_equal(colours[0], colours[1])


def test_caption_and_record(tmp_path):
    image, heat = np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80))
    write_heatmap(tmp_path / "plain.png", image, heat)
    write_heatmap(tmp_path / "h.png", image, heat, caption="two words " * 60, record={"Picture": "Häuser 家.png"})
    with Image.open(tmp_path / "h.png") as drawn, Image.open(tmp_path / "plain.png") as plain:
        assert drawn.text["Picture"] == "Häuser 家.png"
        assert drawn.text["Software"].startswith("forensics-zoo ")
        assert drawn.width == plain.width and drawn.height > plain.height + 60
        below = np.asarray(drawn)[plain.height :]
    assert 0.01 < (below < 128).mean() < 0.5
    assert (below[:, -3:] == 255).all()  # no word is cut


def test_bad_arguments(tmp_path):
    image = np.zeros((6, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="one size"):
        write_heatmap(tmp_path / "h.png", image, np.zeros((8, 6)))
    with pytest.raises(ValueError, match=r"high must be above 0. Received: 0"):
        write_heatmap(tmp_path / "h.png", image, np.zeros((6, 8)), high=0)
    with pytest.raises(ImageError, match="cannot be written"):
        write_heatmap(tmp_path / "absent" / "h.png", image, np.zeros((6, 8)))
