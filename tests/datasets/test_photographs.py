"""One door to every data set of photographs."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.clic import as_rgb, clic_source
from zoo.datasets.embedded import SCENES, generate_scene, photograph
from zoo.datasets.photographs import photographs
from zoo.images import ImageError, write_png


@pytest.mark.parametrize("dataset", [None, "embedded"])
def test_embedded_photographs_are_for_testing_only(dataset):
    assert photographs(dataset, None, "train", 0) == []
    for split in ("test", "all"):
        found = photographs(dataset, None, split, 0)
        assert tuple(item.name for item in found) == SCENES
        assert len({item.scene for item in found}) == len(SCENES)
    np.testing.assert_array_equal(found[2].load(), photograph(SCENES[2]))


@pytest.fixture
def own(tmp_path) -> dict[str, np.ndarray]:
    """Six scenes, one of them twice, and a JPEG."""
    images = {f"sub/{i}.png": generate_scene(keyed.generator(6, i), 128, 160) for i in range(6)}
    images["copy of 0.png"] = images["sub/0.png"][:, 8:]
    (tmp_path / "sub").mkdir()
    for name, image in images.items():
        write_png(tmp_path / name, image)
    Image.fromarray(images["sub/1.png"]).save(tmp_path / "compressed.jpg")
    return images


@pytest.mark.parametrize("seed", range(4))
def test_folder_in_halves_by_scene(tmp_path, own, seed):
    train, test = (photographs(None, tmp_path, split, seed) for split in ("train", "test"))
    everything = photographs("embedded", tmp_path, "all", seed)
    assert {item.name for item in everything} == own.keys()
    assert sorted(item.name for item in [*train, *test]) == sorted(own)
    assert not {item.scene for item in train} & {item.scene for item in test}
    assert {len(train), len(test)} == {3, 4}
    for item in everything:
        np.testing.assert_array_equal(item.load(), own[item.name])


def test_folder_is_scanned_once_and_says_what_it_left_out(tmp_path, own, capsys):
    for split in ("train", "test", "all"):
        photographs(None, tmp_path, split, 0)
    said = capsys.readouterr().err
    assert said.count("7 photographs of 6 scenes, 1 images left out") == 1
    assert "compressed.jpg" in said
    write_png(tmp_path / "new.png", own["sub/2.png"])
    assert len(photographs(None, tmp_path, "all", 0)) == 8


def test_a_relative_folder(tmp_path, own, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = photographs(None, Path("sub"), "all", 0)
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(found[0].load(), own["sub/0.png"])


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"embedded, open_photographs, clic.*Received: 'kodak'"):
        photographs("kodak", None, "test", 0)
    with pytest.raises(ValueError, match="Received: 'validation'"):
        photographs(None, None, "validation", 0)
    with pytest.raises(ValueError, match="not both"):
        photographs("clic", tmp_path, "test", 0)
    with pytest.raises(ImageError, match="does not exist"):
        photographs(None, tmp_path / "none", "test", 0)
    with pytest.raises(ValueError, match="train, validation, test"):
        clic_source("all")


class FakeClic:
    """Stands in for TFDS's builder: three photographs a split, a grey one among them."""

    url_infos: ClassVar = {"https://clic.invalid/train.zip": None}  # a name that never resolves (RFC 2606)

    def __init__(self, data_path: Path) -> None:
        self.data_path = data_path

    def as_data_source(self, split):
        shades = {"train": 10, "validation": 20, "test": 30}
        return [{"image": np.full((8, 9, channels), shades[split], np.uint8)} for channels in (3, 1, 3)]


@pytest.mark.parametrize("split", ["train", "test"])
def test_clic(monkeypatch, tmp_path, split):
    monkeypatch.setattr(tfds, "builder", lambda name, **_: {"clic": FakeClic(tmp_path)}[name])
    found = photographs("clic", None, split, 0)
    assert [item.name for item in found] == [f"clic-{split}-000{i}" for i in range(3)]
    assert all(item.load().shape == (8, 9, 3) for item in found)
    assert found[1].load()[0, 0].tolist() == [{"train": 10, "test": 30}[split]] * 3
    assert len(photographs("clic", None, "all", 0)) == 9


def test_clic_offline_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(tfds, "builder", lambda *_, **__: FakeClic(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"cannot be downloaded.*Received: ConnectionError: ") as caught:
        photographs("clic", None, "test", 0)
    assert "\n" not in str(caught.value)


def test_clic_is_known_to_tfds_with_the_splits_and_feature_used_here(tmp_path):
    builder = tfds.builder("clic", data_dir=tmp_path, file_format="array_record")
    assert list(builder.info.features) == ["image"]
    assert builder.info.features["image"].dtype == np.uint8
    assert not builder.data_path.exists()
    assert all(url.startswith("https://") for url in builder.url_infos)


def test_grey_becomes_rgb():
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for image in (grey, grey[..., None], grey[..., None].repeat(3, 2)):
        np.testing.assert_array_equal(as_rgb(image), grey[..., None].repeat(3, 2))
