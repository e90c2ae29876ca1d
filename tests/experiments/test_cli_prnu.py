import json

import numpy as np
import pytest
from PIL import Image

from zoo.experiments.cli import main as cli
from zoo.imaging import prnu
from zoo.imaging.prnu import Match, pictures_of, read_fingerprint, write_fingerprint


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
    assert err.startswith("note: p is the probability") and len(err.splitlines()) == 1
    own, other, crop = out.splitlines()
    assert " match " in own
    assert " no match " in other
    assert crop.endswith("crop.png  at row 12, column 20")


def test_json(folder, camera, capsys):
    code, out, _ = _run(capsys, "match", camera, folder / "crop.png", folder / "other.png", "--json")
    crop, other = map(json.loads, out.splitlines())
    assert code == 0
    assert (crop["row"], crop["column"], crop["searched"]) == (12, 20, 25 * 49)
    assert (crop["status"], crop["same_camera"], crop["reason"], crop["hint"]) == ("match", True, "", "")
    assert (other["status"], other["same_camera"]) == ("no match", False)
    assert crop["p_value"] < crop["level"] == 1e-6 < other["p_value"] < 1
    assert crop["pce"] > 60
    assert (crop["range"], crop["orientation"]) == ([0, 1], 1)
    code, out, _ = _run(capsys, "match", camera, folder / "other.png", "--json", "--level", "1")
    assert json.loads(out)["same_camera"] is True
    assert json.loads(out)["level"] == 1


def test_the_verdict_follows_p_and_not_pce(folder, camera, capsys, monkeypatch):
    def answer(pce, p_value):
        found = Match(pce, 0.1, (0, 0), 1, p_value, 3.0)
        monkeypatch.setattr(prnu, "identify", lambda fingerprints, *_, **__: dict.fromkeys(fingerprints, found))
        code, out, _ = _run(capsys, "match", camera, folder / "other.png", "--json")
        assert code == 0
        return json.loads(out)["same_camera"]

    assert answer(1e4, 1e-5) is False
    assert answer(5, 1e-7) is True


def _saved(folder, name, number, orientation=None, quality=None):
    """The crop as displayed in an EXIF orientation, with or without the tag."""
    image = Image.open(folder / "crop.png")
    turns = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's numbers for turning it that way
    image = image if turns[number] is None else image.transpose(turns[number])
    exif = Image.Exif()
    if orientation:
        exif[274] = orientation
    image.save(folder / name, exif=exif, **({"quality": quality} if quality else {}))
    return folder / name


@pytest.mark.parametrize("number", range(1, 9))
def test_turned_and_mirrored_copies_are_found(folder, camera, capsys, number):
    copy = _saved(folder, f"turned{number}.png", number)
    code, out, _ = _run(capsys, "match", camera, copy, folder / "other.png", "--json", "--orientations", "all")
    turned, other = map(json.loads, out.splitlines())
    assert code == 0
    assert (turned["status"], turned["orientation"]) == ("match", number)
    assert (turned["row"], turned["column"]) == (12, 20)
    assert other["status"] == "no match"
    # Pixel upon pixel four ways, everywhere along one side in the four that stand upright.
    assert other["searched"] == 4 * 1 + 4 * 33 * 33
    stored = json.loads(_run(capsys, "match", camera, copy, "--json")[1])
    assert stored["same_camera"] is (number == 1)


@pytest.mark.parametrize("orientation", [1, 2, 3, 6, 8])
def test_a_hint_where_exif_says_turned(folder, camera, capsys, orientation):
    hidden = orientation in (3, 6, 8)
    # Software turned the pixels and left the tag.
    copy = _saved(folder, f"tag{orientation}.png", orientation, orientation)
    found = json.loads(_run(capsys, "match", camera, copy, "--json")[1])
    assert ("--orientations all" in found["hint"]) is hidden
    _, out, _ = _run(capsys, "match", camera, copy)
    assert ("--orientations all" in out) is hidden
    # The pixels are as the sensor had them: found, and no hint.
    stored = _saved(folder, f"stored{orientation}.png", 1, orientation)
    found = json.loads(_run(capsys, "match", camera, stored, "--json")[1])
    assert (found["status"], found["hint"]) == ("match", "")


def test_which_of_several_cameras(folder, camera, capsys, tmp_path):
    rng = np.random.default_rng(8)
    cameras = [camera]
    for n in range(3):
        cameras.append(tmp_path / f"{n}.npz")
        write_fingerprint(cameras[-1], rng.normal(size=(96, 128)))
    pictures = (folder / "own5.png", folder / "other.png")
    code, out, _ = _run(capsys, "identify", *pictures, "--json", "--cameras", *cameras)
    own, other = map(json.loads, out.splitlines())
    assert code == 0
    assert (own["status"], own["camera"]) == ("match", str(camera))
    assert (other["status"], other["camera"]) == ("no match", None)
    assert own["searched"] == 4
    alone = json.loads(_run(capsys, "match", camera, folder / "other.png", "--json")[1])
    corrected = other["p_values"][str(camera)]
    assert corrected == pytest.approx(1 - (1 - alone["p_value"]) ** 4)
    _, out, _ = _run(capsys, "identify", *pictures, "--cameras", *cameras)
    assert f" match       {camera}  " in out.splitlines()[0]


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("too small", lambda x: x[:60]),
        ("too dark", lambda x: x // 20),
        ("too bright", lambda x: np.full_like(x, 255)),
        ("too smooth", lambda x: np.full_like(x, 120)),
    ],
)
def test_what_shows_no_noise_gets_no_verdict(folder, camera, capsys, tmp_path, reason, change):
    path = tmp_path / "silent.png"
    Image.fromarray(change(np.asarray(Image.open(folder / "own5.png")))).save(path)
    code, out, _ = _run(capsys, "match", camera, path, "--json", "--csv", tmp_path / "out.csv")
    found = json.loads(out)
    assert code == 0
    assert (found["status"], found["same_camera"]) == ("cannot say", None)
    assert found["reason"].startswith(reason)
    assert "cannot say" in (tmp_path / "out.csv").read_text()
    _, out, _ = _run(capsys, "match", camera, path)
    assert " cannot say" in out and f": {reason}" in out


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
    assert f"{folder / 'renamed.tif'}: was used for the fingerprint, so a match proves nothing" in err
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
    assert "own0.png was used for the fingerprint, and is left out of --untouched" in err
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


def test_map_says_why_no_untouched_photograph_is_left(folder, camera, capsys):
    untouched = (folder / name for name in ("own0.png", "own1.png", "crop.png", "text.jpg"))
    code, out, err = _run(capsys, "map", camera, folder / "own5.png", "--window", "33", "--untouched", *untouched)
    assert (code, out) == (2, "")
    last = err.splitlines()[-1]
    assert "--untouched needs photographs of 128x96 pixels that are not part of the fingerprint" in last
    assert last.endswith("Received: 2 that are, 1 of another size, 1 that cannot be read")
