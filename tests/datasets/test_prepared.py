"""What TensorFlow Datasets prepared gives the same as the original files, in every family."""

import shutil
from importlib import import_module
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets import prepared, raw_pairs
from zoo.datasets.casia2.casia2_dataset_builder import pictures
from zoo.datasets.developed import from_example, prepared_parts
from zoo.datasets.feed import Feed
from zoo.datasets.iqa import from_prepared
from zoo.datasets.jpeg import ORIGINAL_QUALITIES
from zoo.datasets.open_photographs.listing import read_list
from zoo.datasets.photographs import photographs
from zoo.datasets.prepared_patches import PreparedPatches
from zoo.experiments.contrast import pretrained as contrast_pretrained
from zoo.experiments.contrast import training as contrast_training
from zoo.experiments.imaging import data
from zoo.images import read_image
from zoo.imaging.developing.bayer import unpack

CONFIGS = {
    "tid2013": "",
    "live_iqa": "",
    "casia2": "",
    "nips17_dev": "",
    "holidays": "",
    "open_photographs": "parts",
    "raise8k": "images",
    "raise8k/contrast_patches": "contrast_patches",
    "mit_fivek": "raw",
    "raise8k/raw_nikon_d90": "raw_nikon_d90",
    "sid": "short",
}


def _originals(name):
    return Path(import_module(f"zoo.datasets.{name.partition('/')[0]}").__file__).parent / "dummy_data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data_dir of a prepared data set, by the names above; each is prepared once."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = _prepare(name, tmp_path_factory.mktemp("prepared"))
        return made[name]

    return make


def _prepare(name, place, file_format="array_record"):
    short = name.partition("/")[0]
    builder = import_module(f"zoo.datasets.{short}.{short}_dataset_builder").Builder
    with pytest.MonkeyPatch.context() as patch:
        if name == "open_photographs":
            patch.setattr(builder, "rows", read_list(_originals(name) / "photographs.tsv"))
        made = builder(data_dir=place, config=CONFIGS[name] or None, file_format=file_format)
        made.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=_originals(name)))
    return place


@pytest.mark.parametrize("name", ["tid2013", "live_iqa"])
def test_rated_images(folder, name):
    rated = import_module(f"zoo.datasets.{name}.{name}_dataset_builder").rated
    pairs = list(zip(rated(folder(name)), rated(_originals(name)), strict=True))
    assert len(pairs) > 7
    for one, other in pairs:
        for field in ("name", "reference", "scene", "distortion", "level"):
            assert getattr(one, field) == getattr(other, field)
        assert one.score == pytest.approx(other.score, abs=1e-5)
        np.testing.assert_array_equal(one.load(), other.load())
        np.testing.assert_array_equal(one.load_reference(), other.load_reference())


def test_forgeries(folder):
    pairs = list(zip(pictures(folder("casia2")), pictures(_originals("casia2")), strict=True))
    assert len(pairs) == 10
    for one, other in pairs:
        for field in ("name", "tampered", "host", "donor", "group", "is_jpeg"):
            assert getattr(one, field) == getattr(other, field)
        np.testing.assert_array_equal(one.load(), other.load())


def test_pictures_with_classes(folder):
    read = import_module("zoo.datasets.nips17_dev.nips17_dev_dataset_builder").read_folder
    there, files = ({e["name"]: e for e in read(place)} for place in (folder("nips17_dev"), _originals("nips17_dev")))
    assert list(there) == sorted(files)
    for name, example in files.items():
        np.testing.assert_array_equal(there[name]["image"], example["image"])
        assert all(there[name][key] == example[key] for key in ("true_label", "target_class"))


@pytest.mark.parametrize(("name", "splits"), [("holidays", ("test",)), ("raise8k", ("train", "test", "all"))])
def test_photographs(folder, name, splits):
    for split in splits:
        one, other = (photographs(name, place, split) for place in (folder(name), _originals(name)))
        assert {(p.name, p.scene) for p in one} == {(p.name, p.scene) for p in other}
        pixels = {p.name: p.load() for p in other}
        for photograph in one:
            np.testing.assert_array_equal(photograph.load(), pixels[photograph.name])


def test_open_photographs(folder):
    rows = read_list(_originals("open_photographs") / "photographs.tsv")
    for split in ("validation", "all"):
        found = photographs("open_photographs", folder("open_photographs"), split)
        wanted = {row.name for row in rows if split in ("all", row.split)}
        assert {p.name for p in found} == {p.scene for p in found} == wanted
        for photograph in found:
            path = _originals("open_photographs") / "photos" / f"{photograph.name}.png"
            np.testing.assert_array_equal(photograph.load(), read_image(path))


def test_contrast_is_trained_on_stored_patches(folder, command, monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr(contrast_training, "pretrain", lambda *arguments: given.append(arguments[3]))
    monkeypatch.setattr(contrast_pretrained, "store", lambda folder, command, data, tag: given.append((data, tag)))
    words = ("pretrain", "contrast", "--scale", "smoke", "--folder", tmp_path, "--dataset", "raise8k", "--data-dir")
    assert command(*words, folder("raise8k/contrast_patches"))[0] == 0
    there = prepared.find(folder("raise8k/contrast_patches"), "raise8k", "contrast_patches")
    assert given == [there, ("raise8k", "raise8k-smoke")]
    assert isinstance(contrast_training.training_batches(1, 0, True, pictures=there), PreparedPatches)
    for refused in ({"control": True}, {"varied": True}):
        with pytest.raises(ValueError, match="cannot be round-tripped or varied"):
            contrast_training.training_batches(1, 0, True, pictures=there, **refused)


def _patches(folder, **change):
    there = prepared.find(folder("raise8k/contrast_patches"), "raise8k", "contrast_patches")
    return PreparedPatches(there, **({"steps": 6, "batch_size": 4, "seed": 3} | change))


def test_stored_patches_through_tf_data(folder):
    batches = _patches(folder, qualities=ORIGINAL_QUALITIES)
    sent = cloudpickle.loads(cloudpickle.dumps(batches))  # as other processes get it
    with Feed(sent) as feed:
        found = list(feed.dataset(1, 2).as_numpy_iterator())
    wanted = [batches.batch(epoch, step) for epoch in (1, 2) for step in range(6)]
    for (x, y), (patches, labels) in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(x, patches)
        np.testing.assert_array_equal(y, labels)


def test_every_stored_patch_is_drawn_once_with_its_label(folder):
    batches = _patches(folder, steps=12)
    stored = [batches.there.example("train", n) for n in range(batches.count)]
    label_of = {e["patch"].tobytes(): e["label"] for e in stored}
    assert batches.count == 48
    drawn = [batches.batch(0, step) for step in range(12)]
    patches = np.rint(np.concatenate([x for x, _ in drawn]) * 255).astype(np.uint8)
    labels = np.concatenate([y for _, y in drawn]).argmax(1)
    assert sorted(p.tobytes() for p in patches) == sorted(e["patch"].tobytes() for e in stored)
    assert [label_of[p.tobytes()] == "adjusted" for p in patches] == labels.astype(bool).tolist()


def test_a_data_set_without_patches(folder):
    with pytest.raises(ValueError, match=r"contrast_patches, train, are needed. Received: raise8k/images"):
        PreparedPatches(prepared.find(folder("raise8k"), "raise8k", "images"), 1)


@pytest.mark.parametrize("name", ["mit_fivek", "raise8k/raw_nikon_d90", "sid"])
def test_raw_photographs_are_the_planes_and_targets_of_the_files(folder, name, tmp_path):
    short = name.partition("/")[0]
    there = prepared.find(folder(name), short, CONFIGS[name])
    parts = prepared_parts(there, 30)
    assert not any(set(parts[a]) & set(parts[b]) for a, b in (("train", "validation"), ("train", "test")))
    for split, number in parts["train"]:
        example = there.example(split, number)
        same, moved = from_example(example, example["cfa"]), from_example(example, "GBRG")
        np.testing.assert_array_equal(same.planes, example["planes"])
        np.testing.assert_array_equal(same.target, example["target"].astype(int) * 257)
        # The first sample of the cropped mosaic is that of the place that its target shows.
        whole, cut = unpack(example["planes"], example["cfa"]), unpack(moved.planes, "GBRG")
        places = [(y, x) for y in (0, 1) for x in (0, 1)]
        fits = [whole[y : y + cut.shape[0], x : x + cut.shape[1]] for y, x in places]
        (y, x) = places[[np.array_equal(part, cut) for part in fits].index(True)]
        height, width = moved.target.shape[:2]
        np.testing.assert_array_equal(moved.target, same.target[y : y + height, x : x + width])


def test_a_prepared_folder_is_one_of_raw_photographs(folder, tmp_path, capsys):
    version = folder("raise8k/raw_nikon_d90") / "raise8k" / "raw_nikon_d90" / "1.0.0"
    of = {role: data.folder(version, role, 9, tmp_path) for role in ("train", "validation", "test")}
    names = {role: {p.source for p in found} for role, found in of.items()}
    assert sum(map(len, names.values())) == len(set.union(*names.values())) == 5
    again = data.folder(version, "train", 9, tmp_path)
    for one, other in zip(of["train"], again, strict=True):
        assert isinstance(one.planes, np.memmap)
        np.testing.assert_array_equal(one.target, other.target)
    paths = {p.stem: p for p in _originals("raise8k").rglob("*") if p.suffix.lower() == ".nef"}
    example = raw_pairs.example(paths[of["train"][0].source])
    np.testing.assert_array_equal(from_example(example, "GBRG").planes, of["train"][0].planes)
    with pytest.raises(ValueError, match=r"planes, target.*Received: tid2013 with"):
        data.folder(folder("tid2013") / "tid2013" / "1.1.0", "train", 1)


def test_a_file_format_that_is_not_read_by_number_is_one_line(tmp_path, capsys):
    place = _prepare("tid2013", tmp_path, "tfrecord")
    with pytest.raises(ValueError, match=r'file_format="array_record".*Received: tfrecord') as caught:
        prepared.at(place / "tid2013" / "1.1.0")
    assert "\n" not in str(caught.value)
    capsys.readouterr()
    assert prepared.find(place, "tid2013") is None  # the original files beside it are read
    err = capsys.readouterr().err
    assert err.startswith("zoo: left out: ") and len(err.splitlines()) == 1


def test_the_latest_version_is_taken_and_an_older_one_says_what_it_lacks(folder, tmp_path):
    newest = folder("tid2013") / "tid2013" / "1.1.0"
    for version in ("1.9.0", "1.10.0"):
        shutil.copytree(newest, tmp_path / "tid2013" / version)
    there = prepared.find(tmp_path, "tid2013")
    assert there.directory.name == "1.10.0"
    older = prepared.Prepared(folder("casia2") / "casia2" / "1.0.0")  # without references, as version 1.0.0 was
    with pytest.raises(ValueError, match=r"prepared again, as version 1\.1\.0"):
        from_prepared(older, "mos")


def test_a_folder_with_nothing_prepared(folder, tmp_path):
    assert prepared.find(tmp_path, "tid2013") is None
    assert prepared.find(_originals("tid2013"), "tid2013") is None
    assert prepared.find(folder("raise8k"), "raise8k", "contrast_patches") is None
    version = folder("tid2013") / "tid2013" / "1.1.0"
    assert prepared.find(version, "tid2013") == prepared.find(folder("tid2013"), "tid2013")
    assert prepared.find(version, "live_iqa") is None
