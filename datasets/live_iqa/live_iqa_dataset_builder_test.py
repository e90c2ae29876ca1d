"""The builder on generated scenes: TFDS's own checks, the text list and the authors' MATLAB files."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from scipy.io import savemat

from zoo.datasets.live_iqa import make_dummy_data
from zoo.datasets.live_iqa.live_iqa_dataset_builder import FOLDERS, Builder, parse_list, rated
from zoo.images import read_image

DUMMY = Path(__file__).parent / "dummy_data"


class LiveIqaTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    SPLITS = {"images": 8}  # noqa: RUF012


def test_undistorted_copies_are_left_out():
    found = rated(DUMMY)
    assert len(found) == 8
    assert "wn/img1.bmp" not in {image.name for image in found}
    scenes = {Path(image.reference).stem: image.scene for image in found}
    assert scenes == {"bikes": "kodak-05", "womanhat": "kodak-04", "dancers": "live-dancers"}
    assert all(image.score > 0 for image in found)


def test_matlab_files_give_the_same_as_text(tmp_path):
    """All 982 entries in the files' order; three kinds of three images lie in the folder."""
    folder = tmp_path / "live"
    shutil.copytree(DUMMY, folder)
    text = {}
    for line in (folder / "LIVE_MOS_NAME_REF.txt").read_text().splitlines():
        score, name, reference = line.split()
        text[name] = float(score), reference
    (folder / "LIVE_MOS_NAME_REF.txt").unlink()
    names = [f"{kind}/img{i}.bmp" for kind, (_, count) in FOLDERS.items() for i in range(1, count + 1)]
    assert len(names) == 982
    dmos = np.array([text.get(name, (0.0, ""))[0] for name in names])
    references = np.array([text.get(name, (0.0, "none.bmp"))[1] for name in names], dtype=object)
    savemat(folder / "dmos.mat", {"dmos": dmos[None], "orgs": (dmos == 0).astype(np.uint8)[None]})
    savemat(folder / "refnames_all.mat", {"refnames_all": references[None]})
    found = {i.name: (i.score, i.reference) for i in rated(folder)}
    assert found == {i.name: (pytest.approx(i.score), i.reference) for i in rated(DUMMY)}
    savemat(folder / "dmos.mat", {"dmos": dmos[None, :5], "orgs": (dmos == 0).astype(np.uint8)[None, :5]})
    with pytest.raises(ValueError, match="982 entries"):
        rated(folder)


@pytest.mark.parametrize("text", ["28.0 jp2k/img2.bmp", "x jp2k/img2.bmp a.bmp", "28.0 other/img2.bmp a.bmp"])
def test_bad_lists(text):
    with pytest.raises(ValueError, match="Received"):
        parse_list(text)


def test_missing_lists(tmp_path):
    with pytest.raises(ValueError, match=r"refnames_all.mat.*Received: no such files"):
        rated(tmp_path)


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    assert (tmp_path / "LIVE_MOS_NAME_REF.txt").read_text() == (DUMMY / "LIVE_MOS_NAME_REF.txt").read_text()
    for path in DUMMY.rglob("*.bmp"):
        assert read_image(tmp_path / path.relative_to(DUMMY)).shape == read_image(path).shape
