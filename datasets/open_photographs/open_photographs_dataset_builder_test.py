import functools
import http.server
import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets.open_photographs import ROWS, SPLITS, make_dummy_data, open_photographs
from zoo.datasets.open_photographs import listing as module
from zoo.datasets.open_photographs.download import download, make_small, url
from zoo.datasets.open_photographs.listing import read_list
from zoo.datasets.open_photographs.open_photographs_dataset_builder import Builder
from zoo.images import ImageError, read_image, write_png

DUMMY = Path(__file__).parent / "dummy_data"
DUMMY_ROWS = read_list(DUMMY / "photographs.tsv")


class OpenPhotographsTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["parts"]  # noqa: RUF012
    SPLITS = {"train": 3, "validation": 1, "calibration": 1, "test": 2}  # noqa: RUF012

    def setUp(self):
        super().setUp()
        self.enter_context(pytest.MonkeyPatch.context()).setattr(Builder, "rows", DUMMY_ROWS)


@pytest.fixture
def server(tmp_path):
    """The originals behind HTTP on this machine, as GitHub has them; what was asked for is in ``asked``."""
    root = tmp_path / "server"
    for row in DUMMY_ROWS:
        path = root / url(row, "").lstrip("/").replace("%20", " ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((DUMMY / "originals" / path.name).read_bytes())
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root))
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    running.root, running.asked = root, asked
    running.address = f"http://127.0.0.1:{running.server_address[1]}"
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def test_the_list_is_what_it_says():
    assert {split: sum(row.split == split for row in ROWS) for split in SPLITS} == {
        "train": 1103,
        "validation": 74,
        "calibration": 100,
        "test": 100,
    }
    for field in ("name", "original_sha256", "pixels_sha256", "origin"):
        assert len({getattr(row, field) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.name == row.original_sha256[:16]
        assert len(row.origin.partition("@")[2].partition(":")[0]) == 40  # a pinned commit
        assert row.licence
        assert row.top + row.height <= row.original_height // row.averaged
        assert row.left + row.width <= row.original_width // row.averaged
        if "CC-BY-2.0" in row.licence and row.source == "nips2017_dev":
            assert "author=" in row.note
    assert {row.split for row in ROWS if row.source == "metadata_extractor"} == {"test", "calibration"}


def test_downloads_are_verified_made_small_and_compared(server, tmp_path, capsys):
    found = download(DUMMY_ROWS, tmp_path / "d", address=server.address)
    assert (found.there, found.close, found.failed) == ([], [], {})
    assert found.equal == [row.name for row in DUMMY_ROWS]
    for row in DUMMY_ROWS:
        saved = read_image(tmp_path / "d" / f"{row.name}.webp")
        np.testing.assert_array_equal(saved, read_image(DUMMY / "photos" / f"{row.name}.png"))
    assert len(server.asked) == len(DUMMY_ROWS)
    again = download(DUMMY_ROWS, tmp_path / "d", address=server.address)
    assert again.there == found.equal and len(server.asked) == len(DUMMY_ROWS)
    assert "7 of 7 photographs: 7 were there" in str(again)
    assert capsys.readouterr().err == ""


def test_what_fails_is_named_and_the_rest_is_downloaded(server, tmp_path, capsys):
    gone, changed, no_picture, cut = DUMMY_ROWS[:4]
    places = {row.name: server.root / url(row, "").lstrip("/").replace("%20", " ") for row in DUMMY_ROWS}
    places[gone.name].unlink()
    places[changed.name].write_bytes(places[cut.name].read_bytes())
    places[cut.name].write_bytes(places[cut.name].read_bytes()[:100])
    rows = [*DUMMY_ROWS[:2], *DUMMY_ROWS[3:]]
    found = download(rows, tmp_path / "d", address=server.address)
    assert set(found.failed) == {gone.name, changed.name, cut.name}
    assert "404" in found.failed[gone.name] and "must have SHA-256" in found.failed[changed.name]
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 3
    assert all(line.startswith("zoo: left out: github:owner/name@") for line in err.splitlines())
    assert sorted(path.stem for path in (tmp_path / "d").iterdir()) == sorted(row.name for row in DUMMY_ROWS[4:])
    # The next run gets what is missing.
    places[gone.name].write_bytes((DUMMY / "originals" / places[gone.name].name).read_bytes())
    found = download(rows, tmp_path / "d", address=server.address)
    assert found.equal == [gone.name] and len(found.there) == 3
    unreachable = download([no_picture], tmp_path / "e", address="http://127.0.0.1:1")
    assert list(unreachable.failed) == [no_picture.name]


def test_pixels_one_level_apart_are_accepted_and_counted_and_others_refused(tmp_path):
    row = DUMMY_ROWS[0]
    data = (DUMMY / "originals" / "0.png").read_bytes()
    pixels, equal = make_small(data, row)
    assert equal
    near = pixels.copy()
    near[:3, :9] += 1
    assert module.check_pixels(near, row) is False
    for wrong in (pixels[:-1], np.clip(pixels.astype(int) + 1, 0, 255).astype(np.uint8)):
        with pytest.raises(ValueError, match="Received: "):
            module.check_pixels(wrong, row)
    with pytest.raises(ValueError, match="that OpenCV does not decode"):
        make_small(b"text", row)
    write_png(tmp_path / f"{row.name}.png", 255 - pixels)
    with pytest.raises(ImageError, match="is not the listed photograph") as error:
        module.read(row, tmp_path / f"{row.name}.png")
    assert len(str(error.value).splitlines()) == 1


def test_whole_photographs_are_averaged_and_not_cut(server, tmp_path):
    found = download(DUMMY_ROWS, tmp_path / "d", whole=True, address=server.address)
    assert len(found.equal) == len(DUMMY_ROWS)
    for row in DUMMY_ROWS:
        saved = read_image(tmp_path / "d" / f"{row.name}.webp")
        assert saved.shape[:2] == (row.original_height // row.averaged, row.original_width // row.averaged)
        part = saved[row.top : row.top + row.height, row.left : row.left + row.width]
        np.testing.assert_array_equal(part, read_image(DUMMY / "photos" / f"{row.name}.png"))


def test_the_builder_downloads_where_no_folder_is_given(server, tmp_path, monkeypatch):
    monkeypatch.setattr(Builder, "rows", DUMMY_ROWS)
    monkeypatch.setattr(Builder, "address", server.address)
    for config in ("parts", "whole"):
        builder = Builder(data_dir=tmp_path / "data", config=config)
        builder.download_and_prepare(download_dir=tmp_path / "downloads")
        examples = [e for split in SPLITS for e in tfds.as_numpy(builder.as_dataset(split=split))]
        assert {e["name"].decode() for e in examples} == {row.name for row in DUMMY_ROWS}
        sizes = {e["name"].decode(): e["image"].shape[:2] for e in examples}
        for row in DUMMY_ROWS:
            whole = (row.original_height // row.averaged, row.original_width // row.averaged)
            assert sizes[row.name] == (whole if config == "whole" else (row.height, row.width))


def test_a_folder_of_the_other_configuration_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(Builder, "rows", DUMMY_ROWS)
    download(DUMMY_ROWS, tmp_path / "whole", whole=True, address=server.address)
    for config, folder in (("whole", DUMMY), ("parts", tmp_path / "whole")):
        builder = Builder(data_dir=tmp_path / "data", config=config)
        given = tfds.download.DownloadConfig(manual_dir=folder)
        with pytest.raises(ImageError, match="is not the listed photograph"):
            builder.download_and_prepare(download_config=given)


def test_photographs_of_a_split(monkeypatch, capsys):
    monkeypatch.setattr(module, "ROWS", DUMMY_ROWS)
    module._say_once.cache_clear()
    for split in (*SPLITS, "all"):
        found = open_photographs(DUMMY, split)
        assert list(found) == [row.name for row in DUMMY_ROWS if split in (row.split, "all")]
        assert all(load().shape == (80, 96, 3) for load in found.values())
    assert "open_photographs: 3 of 3 photographs of train are in" in capsys.readouterr().err
    with pytest.raises(ValueError, match="split must be one of train, validation, calibration, test, or all"):
        open_photographs(DUMMY, "tset")


def test_an_empty_folder_says_how_to_get_them(tmp_path):
    with pytest.raises(ValueError, match="None of the 100 photographs is available: run `zoo download open_photogr"):
        open_photographs(tmp_path, "test")
    with pytest.raises(ValueError, match="None of the 1103 photographs"):
        open_photographs(None, "train")


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    assert (tmp_path / "photographs.tsv").read_text() == (DUMMY / "photographs.tsv").read_text()
