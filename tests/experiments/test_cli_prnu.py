import json

import numpy as np
import pytest
from PIL import Image

from zoo.experiments.cli import main as cli
from zoo.imaging.prnu import pictures_of, read_fingerprint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures own0 to own5 that share a pattern, one of another camera, and a crop at row 12, column 20."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(5)
    patterns = rng.normal(0, 0.03, (2, 96, 128, 1))

    def picture(pattern):
        levels = rng.uniform(90, 200, 3) * (1 + pattern) + rng.normal(0, 1, (96, 128, 3))
        return np.clip(np.rint(levels), 0, 255).astype(np.uint8)

    for n in range(6):
        Image.fromarray(picture(patterns[0])).save(folder / f"own{n}.png")
    for n in range(4):
        Image.fromarray(picture(patterns[0])).save(folder / f"untouched{n}.png")
    spliced = picture(patterns[0])
    spliced[:, 64:] = picture(patterns[1])[:, 64:]
    Image.fromarray(spliced).save(folder / "spliced.png")
    Image.fromarray(picture(patterns[0])[12:84, 20:100]).save(folder / "crop.png")
    Image.fromarray(picture(patterns[1])).save(folder / "other.png")
    (folder / "text.jpg").write_text("no picture")
    return folder


def _run(capsys, *arguments):
    try:
        code = cli.main(["imaging", "prnu", *(str(a) for a in arguments)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


@pytest.fixture
def camera(folder, capsys):
    path = folder / "camera.npz"
    if not path.exists():
        code, out, err = _run(capsys, "fingerprint", *(folder / f"own{n}.png" for n in range(5)), "-o", path)
        assert code == 0
        assert out == f"written: {path}, 5 photographs of 128x96\n"
        assert "5 photographs are few" in err
    return path


def test_fingerprint_and_match(folder, camera, capsys):
    assert read_fingerprint(camera).shape == (96, 128)
    names = ("own5.png", "other.png", "crop.png")
    code, out, err = _run(capsys, "match", camera, *(folder / n for n in names))
    assert code == 0
    assert err.startswith("note: PCE above 60") and len(err.splitlines()) == 1
    own, other, crop = out.splitlines()
    assert " match " in own
    assert " no match " in other
    assert crop.endswith("crop.png  at row 12, column 20")


def test_json(folder, camera, capsys):
    code, out, _ = _run(capsys, "match", camera, folder / "crop.png", folder / "other.png", "--json")
    crop, other = map(json.loads, out.splitlines())
    assert code == 0
    assert (crop["row"], crop["column"], crop["searched"]) == (12, 20, 25 * 49)
    assert crop["same_camera"] is True
    assert other["same_camera"] is False
    assert 0 < other["p_value"] < 1
    code, out, _ = _run(capsys, "match", camera, folder / "crop.png", "--json", "--threshold", "1e9")
    assert json.loads(out)["same_camera"] is False


def test_files_that_cannot_be_used_are_named_and_left_out(folder, camera, capsys, tmp_path):
    code, out, err = _run(capsys, "match", camera, folder / "text.jpg", folder / "own5.png")
    assert code == 1
    assert " match " in out
    assert "text.jpg: is not an image" in err
    output = tmp_path / "new.npz"
    pictures = (folder / n for n in ("own0.png", "crop.png", "own1.png", "text.jpg"))
    code, out, err = _run(capsys, "fingerprint", *pictures, "-o", output)
    assert code == 2  # of four
    assert "2 photographs of 128x96" in out
    assert "crop.png: has another size than the first" in err
    assert "Received: 80x72" in err
    assert "text.jpg" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("match", "{folder}/own0.png", "{folder}/own0.png"), "own0.png: is not a fingerprint"),
        (("match", "{folder}/none.npz", "{folder}/own0.png"), "none.npz: does not exist"),
        (("fingerprint", "{folder}/own0.png", "-o", "{folder}/camera.jpg"), "--output must end in .npz"),
        (("fingerprint", "{folder}/own0.png", "-o", "{folder}/none/c.npz"), "in a folder that exists"),
        (("fingerprint", "{folder}/text.jpg", "-o", "{folder}/c.npz"), "at least one photograph"),
    ],
)
def test_bad_input_is_one_line(folder, capsys, arguments, message):
    code, out, err = _run(capsys, *(a.format(folder=folder) for a in arguments))
    assert code == 2
    assert out == ""
    last = err.splitlines()[-1]
    assert message in last
    assert "Received: " in last
    assert not (folder / "c.npz").exists()


def test_a_picture_of_the_fingerprint_is_refused_under_any_name_and_coding(folder, camera, capsys):
    Image.open(folder / "own2.png").save(folder / "renamed.tif")
    code, out, err = _run(capsys, "match", camera, folder / "renamed.tif", folder / "own5.png")
    assert code == 1
    assert len(out.splitlines()) == 1 and "own5.png" in out
    assert f"{folder / 'renamed.tif'}: helped to make the fingerprint, which proves nothing" in err
    assert len(pictures_of(camera)) == 5


def test_copies_count_once(folder, tmp_path, capsys):
    Image.open(folder / "own0.png").save(folder / "copy.bmp")
    pictures = [folder / "own0.png", folder / "copy.bmp", folder / "own1.png"]
    code, out, err = _run(capsys, "fingerprint", *pictures, "-o", tmp_path / "two.npz")
    assert code == 0
    assert "2 photographs of 128x96" in out
    assert f"{folder / 'copy.bmp'} is the same picture as {folder / 'own0.png'}, and counts once" in err
    assert len(pictures_of(tmp_path / "two.npz")) == 2


def test_a_fingerprint_without_hashes_is_still_read(folder, camera, tmp_path, capsys):
    np.savez(tmp_path / "old.npz", fingerprint=read_fingerprint(camera))
    assert pictures_of(tmp_path / "old.npz") == frozenset()
    assert _run(capsys, "match", tmp_path / "old.npz", folder / "own0.png")[0] == 0


def test_map_shows_what_is_not_the_cameras(folder, camera, tmp_path, capsys):
    untouched = ("--untouched", folder / "untouched*.png", folder / "own0.png")
    pictures = (folder / "spliced.png", folder / "own5.png", folder / "crop.png", folder / "own1.png")
    code, out, err = _run(
        capsys, "map", camera, "--json", *pictures, "--window", "33", "--heatmap", tmp_path / "maps", *untouched
    )
    assert code == 1, err
    assert "own0.png helped to make the fingerprint, and is left out of --untouched" in err
    assert "crop.png: " in err and "Received" in err
    spliced, own, _ = map(json.loads, out.splitlines())
    assert spliced["share_without"] > 0.3
    assert own["share_without"] < 0.1
    drawn = np.asarray(Image.open(tmp_path / "maps" / "spliced.png.heatmap.png")).astype(int)[:96, 128:256]
    left, right = drawn[:, :40].mean((0, 1)), drawn[:, 88:].mean((0, 1))
    assert left[2] > left[0] and right[0] > right[2]  # blue where the camera's own, red where not
    code, _, err = _run(capsys, "map", camera, folder / "own5.png", "--window", "32", "--untouched", folder)
    assert code == 2 and "argument --window: must be odd. Received: '32'" in err
    code, out, err = _run(capsys, "map", camera, folder / "own5.png", "--untouched", tmp_path / "absent.png")
    assert (code, out) == (1, "") and "absent.png: does not exist" in err
