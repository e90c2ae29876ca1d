"""A folder of photographs: every file accounted for, scenes found, no scene on both sides."""

import os
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from zoo.datasets import folder as module
from zoo.datasets import keyed
from zoo.datasets.embedded import SCENES, generate_scene, photograph
from zoo.datasets.folder import in_both, load, scan
from zoo.datasets.near_duplicates import group, thumbnail
from zoo.images import ImageError, write_png


@pytest.fixture(scope="module")
def unrelated() -> list[np.ndarray]:
    """Thirty pictures that have nothing in common: seven photographs and generated scenes."""
    generated = [generate_scene(keyed.generator(5, i), 192, 256) for i in range(23)]
    return [photograph(name) for name in SCENES] + generated


def copies(image: np.ndarray) -> dict[str, np.ndarray]:
    """What people do to copies, made by OpenCV and NumPy alone."""
    height, width = image.shape[:2]
    light = image / 255
    return {
        "same": image,
        "half size": cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        "third size": cv2.resize(image, None, fx=0.37, fy=0.37, interpolation=cv2.INTER_CUBIC),
        "brightened": np.clip(light * 1.3 * 255, 0, 255).astype(np.uint8),
        "gamma 2": (light**0.5 * 255).astype(np.uint8),
        "darkened": (light**1.7 * 255).astype(np.uint8),
        "cropped on the left": image[:, width // 10 :],
        "cropped at the top": image[height // 12 :],
        "cropped all round": image[height // 20 : -height // 20, width // 20 : -width // 20],
        "grey": cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB),
        "turned": np.rot90(image),
        "upside down": image[::-1, ::-1],
        "compressed": cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR),
    }


@pytest.mark.parametrize("kind", copies(np.zeros((40, 40, 3), np.uint8)))
def test_copies_are_one_scene_and_others_are_not(unrelated, kind):
    changed = [copies(image)[kind] for image in unrelated[:12]]
    numbers = group([thumbnail(image) for image in [*unrelated, *changed]])
    assert len(set(numbers[:30].tolist())) == 30  # unrelated pictures stay apart
    np.testing.assert_array_equal(numbers[30:], numbers[:12])


def test_flat_pictures():
    black, grey = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 128, np.uint8)
    numbers = group([thumbnail(image) for image in (black, grey, black)])
    assert numbers[0] == numbers[2] != numbers[1]
    assert group([]).tolist() == []
    assert group([thumbnail(black)]).tolist() == [0]


def with_time(path: Path, image: np.ndarray, time: str) -> None:
    exif = Image.Exif()
    exif[0x8769] = {0x9003: time}
    Image.fromarray(image).save(path, exif=exif)


def burst(image: np.ndarray) -> list[np.ndarray]:
    """Three frames of a moving camera: each looks at another 70 % of the height and width of the scene."""
    height, width = image.shape[:2]
    h, w = int(height * 0.7), int(width * 0.7)
    return [image[y : y + h, x : x + w] for y, x in ((0, 0), (height // 6, width // 6), (height - h, width - w))]


def test_a_burst_is_one_scene_by_time(tmp_path, unrelated):
    times = ["2024:05:01 10:00:00", "2024:05:01 10:00:03", "2024:05:01 10:00:06"]
    for i, frame in enumerate(burst(unrelated[0])):
        with_time(tmp_path / f"burst{i}.png", frame, times[i])
    # Taken in the same seconds, by somebody else: nothing alike.
    with_time(tmp_path / "other.png", unrelated[1], times[0])
    scenes = {photo.path.name: photo.scene for photo in scan(tmp_path).photos}
    assert scenes["burst0.png"] == scenes["burst1.png"] == scenes["burst2.png"] == "burst0.png"
    assert scenes["other.png"] == "other.png"
    # The same frames hours apart count as different pictures.
    for i, frame in enumerate(burst(unrelated[0])):
        with_time(tmp_path / f"burst{i}.png", frame, f"2024:05:01 1{i}:00:00")
    assert len({photo.scene for photo in scan(tmp_path).photos}) == 4


def test_raw_and_developed_of_the_same_name(tmp_path, unrelated):
    write_png(tmp_path / "a.png", unrelated[0])
    Image.fromarray(unrelated[1]).save(tmp_path / "a.tif")  # a much changed rendering
    write_png(tmp_path / "b.png", unrelated[2])
    assert [photo.scene for photo in scan(tmp_path).photos] == ["a.png", "a.png", "b.png"]


@pytest.fixture
def mixed(tmp_path, unrelated) -> Path:
    """Seven photographs of five scenes in three folders, and everything that must not be used."""
    (tmp_path / "holiday" / "day 2").mkdir(parents=True)
    (tmp_path / ".thumbnails").mkdir()
    write_png(tmp_path / "b.png", unrelated[0])
    write_png(tmp_path / "a.PNG", unrelated[1])
    write_png(tmp_path / "holiday" / "deep.png", unrelated[2].astype(np.uint16) * 257)
    Image.fromarray(unrelated[3]).save(tmp_path / "holiday" / "day 2" / "c.tif", compression="tiff_lzw")
    Image.fromarray(unrelated[4]).save(tmp_path / "holiday" / "no suffix", format="png")
    write_png(tmp_path / "holiday" / "b small.png", copies(unrelated[0])["half size"])
    write_png(tmp_path / "holiday" / "b bright.png", copies(unrelated[0])["brightened"])
    Image.fromarray(unrelated[5]).save(tmp_path / "photo.jpg")
    Image.fromarray(unrelated[5]).save(tmp_path / "really a jpeg.png", format="jpeg")
    Image.fromarray(unrelated[5]).save(tmp_path / "lossy.webp")
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.tif").write_bytes(b"")
    (tmp_path / "text.bmp").write_text("no image")
    (tmp_path / "bad.nef").write_bytes(b"no raw file")
    tifffile.imwrite(tmp_path / "float.tif", np.ones((70, 70), np.float32))
    Image.new("RGB", (1, 1)).save(tmp_path / "one.png")
    Image.new("RGBA", (80, 80)).save(tmp_path / "clear.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "._b.png").write_text("left by macOS")
    write_png(tmp_path / ".thumbnails" / "b.png", unrelated[0])
    return tmp_path


def test_every_file_is_accounted_for(mixed):
    found = scan(mixed)
    assert [photo.path.relative_to(mixed).as_posix() for photo in found.photos] == [
        "a.PNG",
        "b.png",
        "holiday/b bright.png",
        "holiday/b small.png",
        "holiday/day 2/c.tif",
        "holiday/deep.png",
        "holiday/no suffix",
    ]
    reasons = {item.path.name: item.reason for item in found.left_out}
    expected = {
        "photo.jpg": "JPEG",
        "really a jpeg.png": "JPEG",
        "lossy.webp": "WebP",
        "cut.png": "truncated",
        "empty.tif": "empty",
        "text.bmp": "not an image",
        "bad.nef": "LibRaw",
        "float.tif": "floating",
        "one.png": "below 64",
        "clear.png": "transparent",
        "gone.png": "does not exist",
    }
    assert reasons.keys() == expected.keys()
    for name, word in expected.items():
        assert word in reasons[name], name
    files = sum(len(names) for _, _, names in os.walk(mixed))
    assert len(found.photos) + len(found.left_out) + found.other_files == files
    assert found.other_files == 3
    assert scan(mixed) == found


def test_scenes_and_pixels(mixed, unrelated):
    scenes = defaultdict(list)
    for photo in scan(mixed).photos:
        scenes[photo.scene].append(photo)
    assert {scene: len(photos) for scene, photos in scenes.items()} == {
        "a.PNG": 1,
        "b.png": 3,
        "holiday/day 2/c.tif": 1,
        "holiday/deep.png": 1,
        "holiday/no suffix": 1,
    }
    np.testing.assert_array_equal(load(scenes["a.PNG"][0]), unrelated[1])
    np.testing.assert_array_equal(load(scenes["holiday/deep.png"][0]), unrelated[2])


def test_summary_names_what_was_left_out(mixed):
    lines = str(scan(mixed)).splitlines()
    assert lines[0] == f"{mixed}: 7 photographs of 5 scenes, 11 images left out, 3 other files"
    jpeg = next(line for line in lines if "(JPEG" in line)
    assert "photo.jpg, really a jpeg.png" in jpeg


def test_progress_goes_to_the_terminal(mixed, capsys):
    scan(mixed, progress=True)
    assert "Looking through" in capsys.readouterr().err


def test_minimum_side(mixed):
    assert "one.png" in {photo.path.name for photo in scan(mixed, minimum_side=1).photos}
    largest = {photo.path.name for photo in scan(mixed, minimum_side=400).photos}
    assert largest == {"b.png", "b bright.png", "deep.png", "c.tif"}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fractions", [{"train": 0.5, "test": 0.5}, {"a": 0.8, "b": 0.1, "c": 0.1}, {"all": 1.0}])
def test_split_is_by_scene_and_loses_nothing(mixed, fractions, seed):
    found = scan(mixed)
    parts = found.split(fractions, seed)
    assert parts.keys() == fractions.keys()
    assert sorted(photo for part in parts.values() for photo in part) == sorted(found.photos)
    scenes = [{photo.scene for photo in part} for part in parts.values()]
    assert all(scenes)
    assert sum(map(len, scenes)) == len(set.union(*scenes))
    assert found.split(fractions, seed) == parts


def test_split_meets_the_fractions_and_follows_the_seed(tmp_path):
    photos = tuple(module.Photo(tmp_path / f"{i}.png", f"{i}.png") for i in range(200))
    found = module.PhotoFolder(tmp_path, photos, (), 0)
    parts = found.split({"train": 0.7, "validation": 0.1, "test": 0.2}, 3)
    assert [len(part) for part in parts.values()] == [140, 20, 40]
    assert found.split({"train": 0.7, "validation": 0.1, "test": 0.2}, 4) != parts


@pytest.mark.parametrize("fractions", [{}, {"a": 0.5}, {"a": 1.2, "b": -0.2}, {"a": 1.0, "b": 0.0}])
def test_split_refuses_other_fractions(tmp_path, fractions):
    found = module.PhotoFolder(tmp_path, (module.Photo(tmp_path / "a.png", "a.png"),) * 3, (), 0)
    with pytest.raises(ValueError, match="Received"):
        found.split(fractions)


def test_split_needs_scenes(tmp_path):
    found = module.PhotoFolder(tmp_path, (module.Photo(tmp_path / "a.png", "a.png"),) * 3, (), 0)
    with pytest.raises(ValueError, match="Received: 1 scenes"):
        found.split({"train": 0.5, "test": 0.5})


def test_folders_without_photographs(tmp_path, unrelated):
    with pytest.raises(ImageError, match="does not exist"):
        scan(tmp_path / "none")
    with pytest.raises(ImageError, match=r"holds no photograph.*Received: 0 files"):
        scan(tmp_path)
    for i in range(3):
        Image.fromarray(unrelated[i]).save(tmp_path / f"{i}.jpg")
    with pytest.raises(ImageError, match="3 x JPEG") as caught:
        scan(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ImageError, match="not a folder"):
        scan(tmp_path / "0.jpg")


def test_full_size_pictures_are_not_kept(tmp_path, unrelated):
    import tracemalloc

    large = cv2.resize(unrelated[0], (1600, 1200), interpolation=cv2.INTER_CUBIC)
    for i in range(12):
        cv2.imwrite(str(tmp_path / f"{i}.bmp"), np.roll(large, 300 * i, 1))
    tracemalloc.start()
    scan(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * large.nbytes  # a few threads' worth, not twelve photographs and their files


def test_photographs_of_a_scene_in_both_folders(tmp_path):
    pictures = [photograph(name)[:200, :200] for name in ("coffee", "chelsea", "astronaut")]
    for part, numbers in (("one", (0, 1)), ("other", (1, 2))):
        (tmp_path / part).mkdir()
        for n in numbers:
            brighter = np.minimum(pictures[n].astype(int) + (10 if part == "one" else 0), 255)
            write_png(tmp_path / part / f"{n}.png", brighter.astype(np.uint8))
    found = in_both(scan(tmp_path / "one"), scan(tmp_path / "other"))
    assert {photo.path for photo in found} == {tmp_path / "one" / "1.png", tmp_path / "other" / "1.png"}
