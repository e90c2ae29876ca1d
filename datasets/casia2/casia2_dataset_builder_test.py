"""The builder on spliced scenes: TFDS's own checks, names, faults of the database, and splits that share nothing."""

import shutil
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from zoo.datasets.casia2 import make_dummy_data
from zoo.datasets.casia2.casia2_dataset_builder import (
    AUTHENTIC,
    TAMPERED,
    Builder,
    Picture,
    parse_name,
    pictures,
    split,
)
from zoo.images import read_image

DUMMY = Path(__file__).parent / "dummy_data"


class Casia2Test(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    SPLITS = {part: len(found) for part, found in split(pictures(DUMMY)).items()}  # noqa: RUF012


def test_counts_of_the_published_database():
    assert (sum(AUTHENTIC.values()), sum(TAMPERED.values())) == (7491, 5123)
    total = 7491 + 5123
    assert round(100 * 7491 / total, 1) == 59.4
    assert round(100 * (7491 + TAMPERED[".tif"]) / total, 1) == 83.6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Au_ani_00018.jpg", (False, "ani00018", "ani00018")),
        ("Tp_D_CND_M_N_ani00018_sec00096_00138.tif", (True, "ani00018", "sec00096")),
        ("Tp_S_NNN_S_O_pla00077_pla00077_11212.jpg", (True, "pla00077", "pla00077")),
        ("Sp_S_NNN_A_ani0041_ani0041_0199.jpg", None),  # of version 1, whose names have other fields
        ("Tp_something.jpg", None),
    ],
)
def test_names(name, expected):
    if expected is None:
        with pytest.raises(ValueError, match="Received"):
            parse_name(name)
    else:
        assert parse_name(name) == expected


def test_copies_contradictions_and_odd_names_are_left_out():
    names = {picture.name for picture in pictures(DUMMY)}
    assert len(names) == 10
    assert "Au_ani_00009.jpg" not in names  # a copy of Au_ani_00001.jpg
    assert not any("txt" in name or name == "untitled.jpg" for name in names)


def test_hosts_and_donors_are_in_one_group():
    group = {picture.host: picture.group for picture in pictures(DUMMY)}
    assert group["ani00001"] == group["nat00002"]
    assert group["pla00004"] == group["cha00005"]  # though the name's letter says "same"
    assert len(set(group.values())) == 4


def _nothing():
    raise AssertionError("not read")


def test_groups_join_through_chains_and_no_identity_is_on_two_sides():
    def tampered(host, donor):
        return Picture(f"Tp_{host}_{donor}.jpg", _nothing, True, host, donor)

    found = [tampered(f"a{i}", f"a{i + 1}") for i in range(4)] + [tampered(f"b{i}", f"c{i}") for i in range(40)]
    from zoo.datasets.casia2.casia2_dataset_builder import _groups

    names = _groups(found)
    assert len({names[f"a{i}"] for i in range(5)}) == 1
    grouped = [Picture(p.name, p.load, True, p.host, p.donor, names[p.host]) for p in found]
    parts = split(grouped)
    seen = [{name for p in part for name in (p.host, p.donor)} for part in parts.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert sum(len(part) for part in parts.values()) == len(found)
    assert len(parts["train"]) == pytest.approx(len(found) * 2 / 3, abs=4)
    assert split(grouped, seed=1) != parts
    with pytest.raises(ValueError, match="three groups"):
        split(grouped[:4])


def test_missing_folders(tmp_path):
    with pytest.raises(ValueError, match="none in Au"):
        pictures(tmp_path)
    shutil.copytree(DUMMY / "Au", tmp_path / "Au")
    with pytest.raises(ValueError, match="none in Tp"):
        pictures(tmp_path)


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    for path in (p for p in DUMMY.rglob("*") if p.is_file()):
        assert read_image(tmp_path / path.relative_to(DUMMY)).shape == read_image(path).shape
    assert len(pictures(tmp_path)) == 10
