import dataclasses
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import zoo.weights
from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose, write_dng
from zoo.datasets.developed import develop_pair
from zoo.datasets.embedded import generate_linear_scene
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.developing.evaluation import OWN, Evaluation
from zoo.experiments.run.cells import Settings
from zoo.imaging import INet
from zoo.imaging.developing import pipeline, raw
from zoo.weights import pack


def _photograph(path, camera="birch", number=0, **arguments):
    body = Body(CAMERAS[camera], serial=1)
    mosaic = expose(generate_linear_scene(keyed.generator(0, number), 48, 64), body, keyed.generator(number))
    write_dng(path, mosaic, body, **arguments)
    return as_raw(mosaic, body)


@pytest.fixture
def inet(tmp_path):
    path = tmp_path / "inet.npz"
    pack(INet(), path, 32)
    return path


def test_develop_writes_the_classical_picture_turned_upright(tmp_path, command):
    image = _photograph(tmp_path / "a.dng", orientation=6)
    code, _, err = command("imaging", "develop", tmp_path / "a.dng", "-o", tmp_path / "a.png", "--output-bits", 16)
    assert code == 0, err
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    upright = np.rot90(pipeline.develop(image), -1)
    # The matrix goes through the file's rational numbers.
    np.testing.assert_allclose(found / 65535, upright, atol=2e-3)


def test_develop_by_a_network(tmp_path, command, inet):
    image = _photograph(tmp_path / "a.dng")
    arguments = ("imaging", "develop", tmp_path / "a.dng", "--pipeline", "inet", "--weights", inet)
    code, _, err = command(*arguments, "-o", tmp_path / "a.tif")
    assert code == 0, err
    found = cv2.imread(str(tmp_path / "a.tif"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    expected = INet().predict_on_batch(image.balanced_planes[None])[0]
    assert found.dtype == np.uint8
    np.testing.assert_allclose(found / 255, expected, atol=0.51 / 255 + 1e-4)


def test_stored_weights_say_whose_camera_they_know_or_that_there_are_none(tmp_path, command, inet, families_in):
    _photograph(tmp_path / "a.dng", "alder")
    arguments = ("imaging", "develop", tmp_path / "a.dng", "--pipeline", "inet", "-o", tmp_path / "a.png")
    families_in(tmp_path)
    code, _, err = command(*arguments)
    assert code == 2
    assert "make pretrained PAPER=imaging" in err
    from zoo.experiments.train import install_weights

    (tmp_path / "imaging").mkdir()
    packed = inet.rename(tmp_path / "inet-birch.photographs.npz")
    history = [{"seconds": 3.5, "commit": "c"}, {"seconds": 4.0, "commit": "d"}]
    install_weights.install("imaging", packed, history, "32", "command", "data")
    entry = zoo.weights.provenance("inet-birch.photographs")
    assert (entry.seconds, entry.commit, entry.file) == (7, "d", "weights/inet-birch.photographs.npz")
    code, _, err = command(*arguments)
    assert code == 0, err
    assert "synthetic camera birch" in err
    assert (tmp_path / "a.png").exists()


@pytest.fixture
def short(monkeypatch):
    smoke = dataclasses.replace(training.SCALES["smoke"], recipes={"inet": training.Recipe(1, 2, 1e-3)}, patch=8)
    monkeypatch.setitem(training.SCALES, "smoke", smoke)


def _raws(folder, camera, numbers):
    folder.mkdir()
    for n in numbers:
        _photograph(folder / f"{n}.dng", camera, n)
    return folder


def test_copies_of_one_file_are_one_photograph(tmp_path, command):
    folder = _raws(tmp_path / "raws", "cedar", range(1))
    (original,) = folder.iterdir()
    for number in range(4):
        (folder / f"copy{number}.dng").write_bytes(original.read_bytes())
    for arguments in (
        ("imaging", "fit", folder, "--scale", "smoke", "-o", tmp_path / "fit"),
        ("reproduce", "imaging", "figure-5", "--scale", "smoke", "--data-dir", folder, "--output", tmp_path / "out"),
    ):
        code, _, err = command(*arguments)
        assert code == 2
        assert err.count("is a copy of") == 4
        assert "at least 5 RAW files of one camera" in err
        assert f"Received: {folder}, 1 RAW files\n" in err


def test_fit_trains_for_a_users_camera(tmp_path, command, monkeypatch, short):
    folder, output = _raws(tmp_path / "raws", "cedar", range(8)), tmp_path / "fit"
    _photograph(folder / "0_other.dng", "alder")
    _photograph(folder / "0_upright.dng", "cedar", 9, orientation=6)
    (folder / "0_broken.dng").write_bytes(b"II*\0 nothing")
    code, out, err = command("imaging", "fit", folder, "--scale", "smoke", "-o", output)
    assert code == 0, err
    assert "3 photographs to train on, 1 to validate" in err
    assert "0_other.dng is of another camera" in err
    assert "0_upright.dng lies on its side" in err
    assert "0_broken.dng" in err
    assert "inet.npz" in out
    assert INet(weights=output / "inet.npz").count_params() == 369
    # The same training again is there already; another camera's would go on from it.
    assert command("imaging", "fit", folder, "--scale", "smoke", "-o", output)[0] == 0
    other = _raws(tmp_path / "other", "alder", range(10, 16))
    code, _, err = command("imaging", "fit", other, "--scale", "smoke", "-o", output)
    assert code == 2
    assert "different files; choose another or an empty folder" in err
    # Its table takes the photographs that were kept, and no network but its own.
    monkeypatch.chdir(tmp_path)
    table = ("reproduce", "imaging", "table-1", "--scale", "smoke", "--data-dir", folder, "--rows", "INet")
    for weights, status in (((), "not-run"), (("--weights", output), "measured")):
        code, _, err = command(*table, *weights)
        assert code == 0, err
        frame = pd.read_csv(tmp_path / "runs" / "tables" / "smoke" / "imaging_table_1.csv")
        cell = frame.set_index(["row", "column", "metric"]).loc["INet", "own RAW files", "PSNR"]
        assert cell["status"] == status
    assert cell["weights"] == "trained:inet.npz"


@pytest.mark.parametrize("count", [5, 11, 160, 400])
def test_no_photograph_of_a_folder_has_two_roles_whatever_is_asked_for(count):
    names = [Path(f"{n:03}.dng") for n in range(count)]
    found = data.split(names)
    assert [*found["train"], *found["validation"], *found["test"]] == names
    assert all(found.values())
    assert len(found["test"]) == min(30, count // 5)


def test_photographs_are_developed_once_and_kept(tmp_path, monkeypatch):
    folder, kept = _raws(tmp_path / "raws", "cedar", range(6)), tmp_path / "kept"
    wanted = data.folder(folder, "train", 3)
    first = data.folder(folder, "train", 3, kept)
    (tmp_path / "raws" / "0.dng").rename(tmp_path / "raws" / "00.dng")
    developed = []
    monkeypatch.setattr(
        data, "develop_pair", lambda *arguments: developed.append(arguments) or develop_pair(*arguments)
    )
    again = data.folder(folder, "train", 4, kept)
    assert len(developed) == 1  # the fourth
    assert [p.source for p in again] == ["00", "1", "2", "3"]
    for one, two, three in zip(wanted, first, again, strict=False):
        for part in ("planes", "target", "camera_matrix"):
            np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
            np.testing.assert_array_equal(getattr(one, part), getattr(three, part))


def test_photographs_lie_on_disk_whoever_keeps_them(tmp_path):
    """Whole photographs in memory were 15 GB for Table 4 at the paper's scale."""
    folder = _raws(tmp_path / "raws", "cedar", range(6))
    for kept in (None, tmp_path / "kept"):
        for picture in data.folder(folder, "train", 3, kept):
            assert isinstance(picture.planes, np.memmap) and isinstance(picture.target, np.memmap)
    temporary = data._temporary()
    assert len(list(temporary.glob("*.json"))) >= 3 and temporary.is_relative_to(tempfile.gettempdir())


def test_table_1_holds_the_middles_of_photographs_alone(tmp_path):
    folder = _raws(tmp_path / "raws", "cedar", range(6))
    evaluation = Evaluation(Settings("smoke", "folder:raws", folder))
    (picture,) = evaluation.pictures(OWN)
    (whole,) = data.folder(folder, "test", 30)
    y, x, side = evaluation._place(whole)
    np.testing.assert_array_equal(picture.planes, whole.planes[y : y + side, x : x + side])
    for part in (picture.planes, picture.target):
        assert part.base is None and not isinstance(part, np.memmap)
    assert picture.target.shape == (2 * side, 2 * side, 3) and 2 * side < whole.target.shape[0]


def test_a_folder_gives_its_first_photographs_of_a_role(tmp_path):
    folder = _raws(tmp_path / "raws", "cedar", range(6))
    assert [p.source for p in data.folder(folder, "train", 3)] == ["0", "1", "2"]
    assert [p.source for p in data.folder(folder, "train", 120)] == ["0", "1", "2", "3"]
    assert [p.source for p in data.folder(folder, "test", 30)] == ["5"]
    with pytest.raises(ValueError, match="Received: 'exam'"):
        data.folder(folder, "exam", 3)


def test_table_1_at_smoke(tmp_path, command, monkeypatch, inet):
    monkeypatch.chdir(tmp_path)
    arguments = ("reproduce", "imaging", "table-1", "--scale", "smoke", "--weights", inet.parent)
    rows = [a for row in ("INet", "UNet", "baseline*", "UNet - INet") for a in ("--rows", row)]
    code, out, err = command(*arguments, *rows)
    assert code == 0, err
    frame = pd.read_csv(tmp_path / "runs" / "tables" / "smoke" / "imaging_table_1.csv").set_index(
        ["row", "column", "metric"]
    )
    count = frame.loc["INet", "trainable", "parameters"]
    assert (count["value"], count["paper_value"], count["comparable"], count["difference"]) == (321, 321, "yes", 0)
    # Packed as it starts, INet is the untrained baseline.
    for column in ("generated scenes", "photographs"):
        ours, start = frame.loc["INet", column, "PSNR"], frame.loc["baseline: untrained INet", column, "PSNR"]
        assert ours["value"] == pytest.approx(start["value"], abs=1e-4)
        assert 20 < frame.loc["baseline: bilinear", column, "PSNR"]["value"] < 60
        assert frame.loc["INet", column, "SSIM, range 2"]["value"] > frame.loc["INet", column, "SSIM"]["value"]
    assert frame.loc["INet", "generated scenes", "PSNR"]["paper_value"] == 42.8
    assert frame.loc["UNet", "generated scenes", "PSNR"]["status"] == "not-run"
    assert frame.loc["UNet - INet", "generated scenes", "PSNR"]["status"] == "not-run"
    assert frame.loc["UNet", "this machine", "training speed"]["value"] > 0
    assert frame.loc["INet", "from", "training time"]["status"] == "not-run"
    assert set(frame[frame["status"] == "measured"]["comparable"].loc[:, :, "PSNR"]) == {"no"}
    assert "42.8" in out


def test_table_2_lists_the_cameras(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("reproduce", "imaging", "table-2", "--scale", "smoke")
    assert code == 0, err
    frame = pd.read_csv(tmp_path / "runs" / "tables" / "smoke" / "imaging_table_2.csv")
    quoted = frame[frame["status"] == "quoted"]
    assert len(quoted) == 16
    assert quoted["value"].isna().all()
    assert quoted[quoted["metric"] == "size"]["paper_value"].sum() == 12 + 10 + 16 + 12 + 16 + 24 + 36 + 12
    assert "Nikon D90, GBRG (Raise, nef)" in out
    assert "birch, GBRG (synthetic, 12 bit)" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("imaging", "develop", "absent.dng", "-o", "a.png"),
        ("imaging", "develop", "absent.dng", "-o", "a.jpg"),
        ("imaging", "develop", "absent.dng", "-o", "absent/a.png"),
        ("imaging", "develop", "absent.dng", "-o", "a.png", "--weights", "w.npz"),
        ("imaging", "develop", "absent.dng", "-o", "a.png", "--pipeline", "inet", "--weights", "absent.npz"),
        ("imaging", "develop", "absent.dng"),
        ("imaging", "fit", "absent"),
        ("imaging", "fit", ".", "--scale", "huge"),
        ("imaging", "fit", ".", "--network", "knet"),
        ("imaging",),
        ("pretrain", "imaging", "--scale", "huge"),
        ("pretrain", "imaging", "--dataset", "clic"),
        ("reproduce", "imaging", "table-1", "--scale", "huge"),
        ("reproduce", "imaging", "table-1", "--scale", "smoke", "--dataset", "clic"),
        ("reproduce", "imaging", "table-2", "--scale", "huge"),
    ],
)
def test_bad_input_is_one_line_and_code_2(tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    code, _, err = command(*arguments)
    assert code == 2
    assert err.strip().splitlines()[-1].startswith("zoo")
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_values_without_a_header_are_developed(tmp_path, command, bits):
    mosaic = np.random.default_rng(bits).integers(2**bits // 8, 2**bits, (48, 64)).astype(np.uint16)
    (tmp_path / "dump.raw").write_bytes(mosaic.astype("u1" if bits == 8 else "<u2").tobytes())
    arguments = ("imaging", "develop", tmp_path / "dump.raw", "-o", tmp_path / "a.png", "--output-bits", "16")
    stated = ("--size", "64x48", "--cfa", "GBRG", "--bits", bits)
    code, _, err = command(*arguments, *stated, "--black", "3", "--white-balance", "2,1,1.5")
    assert code == 0, err
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    expected = pipeline.develop(raw.from_mosaic(mosaic, "GBRG", 3, 2**bits - 1, (2, 1, 1.5)))
    np.testing.assert_allclose(found / 65535, expected, atol=1e-5)
    # Without factors, those that make the mean of each channel that of green.
    code, _, err = command(*arguments, *stated, "--force")
    assert code == 0, err
    red, blue = mosaic[1::2, ::2].mean(), mosaic[::2, 1::2].mean()
    green = (mosaic[::2, ::2].mean() + mosaic[1::2, 1::2].mean()) / 2
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    balanced = raw.from_mosaic(mosaic, "GBRG", 0, 2**bits - 1, (green / red, 1, green / blue))
    np.testing.assert_allclose(found / 65535, pipeline.develop(balanced), atol=1e-5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--size": "64x47"}, "has another length; 64x47 values of 12 bits take 6016 bytes. Received: 6144 bytes"),
        ({"--size": "64x64"}, "64x64 values of 12 bits take 8192 bytes; packed values are not read. Received: 6144"),
        ({"--bits": "11"}, "holds values of more bits; 11 bits hold values up to 2047, the lower byte first"),
        ({"--black": "4095"}, "white_level must be above the black levels"),
        ({"--cfa": None}, "A file without a header needs --size, --cfa, --bits; other RAW files none of them"),
        ({"--size": "64"}, "argument --size: must be WIDTHxHEIGHT"),
        ({"--bits": "7"}, "argument --bits: must be an integer from 8 to 16"),
        ({"--white-balance": "1,0,1"}, "argument --white-balance: must be three numbers above 0"),
    ],
)
def test_values_without_a_header_that_do_not_fit_are_one_line(tmp_path, command, changed, message):
    (tmp_path / "dump.raw").write_bytes(np.full((48, 64), 4000, "<u2").tobytes())
    stated = {"--size": "64x48", "--cfa": "RGGB", "--bits": "12"} | changed
    given = [part for option, value in stated.items() if value is not None for part in (option, value)]
    code, _, err = command("imaging", "develop", tmp_path / "dump.raw", "-o", tmp_path / "a.png", *given)
    assert code == 2
    assert message in err.splitlines()[-1]
    assert not (tmp_path / "a.png").exists()
