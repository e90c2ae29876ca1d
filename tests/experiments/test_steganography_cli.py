import json
from pathlib import Path

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import compress
from zoo.datasets.pairs import shrink
from zoo.datasets.photographs import photographs
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.reasons import read_reasons
from zoo.experiments.steganography import evaluation, pretrained, timing, training
from zoo.experiments.steganography.tables import comparison, detectability, figure_4, table_1, table_3
from zoo.images import read_image
from zoo.layers import DifferentiableJPEG
from zoo.saved_training import SavedState
from zoo.steganography import Steganographer, hiding, lsb
from zoo.steganography.hiding import ImageHider, load_steganographer, stored_steganographer
from zoo.steganography.measures import mse, psnr
from zoo.weights import provenance


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A folder as `zoo pretrain` leaves it, of networks that hide nothing: the container is the cover."""
    folder = tmp_path_factory.mktemp("networks")
    for name, channel in (("ours-0.75", None), ("baluja-0.75", None), ("ours-jpeg-0.75", DifferentiableJPEG(90))):
        cover, secret = (keras.Input((None, None, 3), name=part) for part in ("cover", "secret"))
        x = keras.layers.Concatenate(name="h_net_input")([cover, secret])
        hide = keras.layers.Conv2D(3, 1, use_bias=False, name="h_net_conv")
        hiding = keras.Model([cover, secret], hide(x))
        hide.kernel.assign(np.eye(6, 3, dtype=np.float32)[None, None])
        container = keras.Input((None, None, 3), name="container")
        reveal = keras.layers.Conv2D(3, 1, use_bias=False, name="r_net_conv")
        revealing = keras.Model(container, reveal(container))
        reveal.kernel.assign(np.eye(3, dtype=np.float32)[None, None])
        Steganographer(hiding, revealing, quantize=True, channel=channel).save(folder / f"{name}.keras")
    return folder


@pytest.fixture
def pictures(tmp_path, photo):
    Image.fromarray(photo[:70, :90]).save(tmp_path / "cover.png")
    Image.fromarray(photo[100:141, 30:99]).convert("L").save(tmp_path / "secret.jpg")
    opaque = np.dstack([photo[:20, :30], np.full((20, 30), 255, np.uint8)])
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    opaque[3, 3, 3] = 0
    Image.fromarray(opaque).save(tmp_path / "clear.png")
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


@pytest.fixture(scope="module")
def hidden():
    """A cover and a container of the stored networks."""
    cover, secret = photograph("chelsea")[:96, :96], photograph("coffee")[100:196, 200:296]
    return cover, ImageHider().hide(cover, secret)


@pytest.mark.parametrize("cover", ["cover.png", "opaque.png", "secret.jpg"])
def test_hide_and_reveal_go_through_a_file(pictures, command, networks, cover):
    option = ("--weights", networks / "ours-0.75.keras")
    container, secret, sheet = (pictures / f"{name}.png" for name in ("container", "revealed", "sheet"))
    code, out, _ = command(
        "steganography", "hide", pictures / cover, pictures / "secret.jpg", "-o", container, *option,
        "--sheet", sheet,
    )  # fmt: skip
    assert (code, out) == (0, f"written: {container}\n")
    image = read_image(pictures / cover)
    np.testing.assert_array_equal(read_image(container), image)  # these networks hide nothing
    assert read_image(sheet).shape == (image.shape[0] + 8, 5 * (image.shape[1] + 4) + 4, 3)
    code, _, err = command("steganography", "reveal", container, "-o", secret, "--size", "69x41", *option)
    assert (code, err) == (0, "")
    assert read_image(secret).shape == (41, 69, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".heic"])
def test_a_turned_photograph_is_hidden_in_as_one_sees_it(pictures, command, networks, photo, suffix, orientation):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif", reason="needs the extra formats").register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    cover, container = pictures / f"turned{suffix}", pictures / "container.png"
    Image.fromarray(photo[:32, :64]).save(cover, exif=exif)
    hide = ("steganography", "hide", cover, pictures / "cover.png", "-o", container)
    assert command(*hide, "--weights", networks / "ours-0.75.keras")[0] == 0
    stored = read_image(cover)  # as EXIF numbers them: how the pixels of the file are turned for display
    upright = {
        1: stored,
        2: stored[:, ::-1],
        3: np.rot90(stored, 2),
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),
        7: np.rot90(stored, 2).transpose(1, 0, 2),
        8: np.rot90(stored, 1),
    }
    np.testing.assert_array_equal(read_image(container), upright[orientation])


def _harmed(container, kind):
    height, width = container.shape[:2]
    if kind == "resized":
        return cv2.resize(container, (width + 1, height), interpolation=cv2.INTER_LINEAR)
    if kind == "was a JPEG":
        return compress(container, 75)
    return container


@pytest.mark.parametrize(
    "kind",
    [
        "as saved",
        "resized",
        "was a JPEG",
        "never one",
        "a JPEG file",
        "never one, a JPEG file",
        "not for JPEG, a JPEG file",
    ],
)
def test_reveal_says_what_is_no_container_or_no_longer_one(tmp_path, command, hidden, kind):
    cover, container = hidden
    if kind == "a JPEG file":
        container = ImageHider(stored_steganographer(jpeg=True)).hide(cover, cover[::-1])
    path = tmp_path / ("container.jpg" if kind.endswith("a JPEG file") else "container.png")
    Image.fromarray(cover if kind.startswith("never one") else _harmed(container, kind)).save(path)
    code, _, err = command("steganography", "reveal", path, "-o", tmp_path / "revealed.png")
    assert code == 0 and (tmp_path / "revealed.png").exists()
    said = {"as saved": "", "a JPEG file": "is revealed as with --jpeg; what was hidden without --jpeg is destroyed"}
    expected = said.get(kind, "does not look like a container of these networks: it never was one, or it was resized")
    assert len(err.splitlines()) == bool(expected)
    assert expected in err


def test_jpeg_is_written_by_networks_that_were_trained_for_it_alone(pictures, command, networks):
    container = pictures / "container.jpg"
    hide = ("steganography", "hide", pictures / "cover.png", pictures / "secret.jpg", "-o", container, "--weights")
    code, _, err = command(*hide, networks / "ours-0.75.keras")
    assert code == 2
    assert "JPEG would destroy the hidden picture" in err
    assert "hide with --jpeg" in err
    assert not container.exists()
    assert command(*hide, networks / "ours-jpeg-0.75.keras")[0] == 0
    with Image.open(container) as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize("given", [(), ("--weights", "mine")])
def test_a_jpeg_is_revealed_by_the_stored_networks_for_jpeg(pictures, command, monkeypatch, networks, given):
    asked = []

    def networks_here(jpeg, weights):
        asked.append((jpeg, weights))
        return load_steganographer(networks / f"ours{'-jpeg' if jpeg else ''}-0.75.keras")

    monkeypatch.setattr(hiding, "stored_steganographer", networks_here)
    Image.fromarray(read_image(pictures / "cover.png")).save(pictures / "container.jpg", quality=90)
    container, revealed = pictures / "container.jpg", pictures / "revealed.png"
    code, _, err = command("steganography", "reveal", container, "-o", revealed, *given)
    assert (code, asked) == (0, [(False, "mine")] if given else [(True, None)])
    assert ("saved with loss (JPEG), which destroys" in err) == bool(given)


@pytest.mark.parametrize(
    "arguments",
    [
        ("hide", "cover.png", "absent.png", "-o", "container.png"),
        ("hide", "text.png", "cover.png", "-o", "container.png"),
        ("hide", "clear.png", "cover.png", "-o", "container.png"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.webp"),
        ("hide", "cover.png", "secret.jpg", "-o", "absent/container.png"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.png", "--sheet", "sheet.jpg"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.png", "--weights", "cover.png"),
        ("hide", "cover.png", "secret.jpg"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.png", "--jpeg", "--weights", "absent.keras"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.png", "--weights", "absent"),
        ("hide", "cover.png", "secret.jpg", "-o", "container.png", "--weights", "."),
        ("reveal", "cover.png", "-o", "secret.jpg"),
        ("reveal", "text.png", "-o", "secret.png"),
        ("reveal", "cover.png", "-o", "secret.png", "--size", "0x4"),
        ("reveal", "cover.png", "-o", "secret.png", "--size", "wide"),
        (),
    ],
)
def test_bad_input_is_one_line_and_code_2(pictures, command, monkeypatch, networks, arguments):
    monkeypatch.chdir(pictures)
    option = () if "--weights" in arguments or not arguments else ("--weights", networks / "ours-0.75.keras")
    before = sorted(pictures.iterdir())
    code, _, err = command("steganography", *arguments, *option)
    assert code == 2
    assert err.strip().splitlines()[-1].startswith("zoo")
    assert "Traceback" not in err
    assert sorted(pictures.iterdir()) == before


@pytest.mark.parametrize("options", [(), ("--jpeg",)])
def test_every_ending_that_a_container_may_have_is_named(pictures, command, options):
    hide = ("steganography", "hide", pictures / "cover.png", pictures / "secret.jpg", "-o", pictures / "container.webp")
    code, _, err = command(*hide, *options)
    assert code == 2
    assert "must end in .png; with --jpeg, .jpg and .jpeg are right too. Received: " in err


@pytest.mark.slow
def test_tables_of_errors_at_smoke(tmp_path, command, monkeypatch, networks):
    monkeypatch.chdir(tmp_path)
    for table in ("table-1", "table-2", "trade-off", "through-jpeg", "figure-5", "figure-6"):
        code, _, err = command(
            "reproduce", "steganography", table, "--scale", "smoke", "--weights", networks
        )  # fmt: skip
        assert code == 0, err
    results = tmp_path / "runs" / "tables" / "smoke"
    settings = Settings("smoke", weights=networks)
    covers, secrets, _ = evaluation.Evaluation(settings).pairs("photographs")
    # These networks return the cover as container and as secret image.
    theirs = np.mean([mse(c, s) for c, s in zip(covers, secrets, strict=True)])
    containers = [lsb.hide(c, s, 3) for c, s in zip(covers, secrets, strict=True)]
    lsb_3 = [mse(c, h) + 0.75 * mse(s, lsb.reveal(h, 3)) for c, h, s in zip(covers, containers, secrets, strict=True)]
    frame = pd.read_csv(results / "steganography_table_1.csv").set_index(["row", "column"])
    assert frame.loc[("photographs, lambda 0.75", "ours"), "value"] == pytest.approx(0.75 * theirs)
    assert frame.loc[("photographs, lambda 0.75", "LSB 3"), "value"] == pytest.approx(np.mean(lsb_3))
    assert frame.loc[("photographs, lambda 0.5", "ours"), "status"] == "not-run"
    assert frame.loc[("Holiday, lambda 0.5", "Baluja"), "status"] == "data-unavailable"
    assert frame.loc[("Holiday, lambda 0.5", "Baluja"), "paper_value"] == 0.06354
    assert frame.loc[("Imagenet, training, lambda 0.5", "ours"), "paper_value"] == 0.00024
    assert frame.loc[("Imagenet, test, lambda 0.5", "ours"), "paper_value"] == 0.00042
    assert set(frame["comparable"]) == {"no"}
    frame = pd.read_csv(results / "steganography_table_2.csv").set_index(["row", "column", "metric"])
    assert frame.loc[("photographs", "ours, C-H", "APD, ratio"), "value"] == 0
    ratio = frame.loc[("photographs", "Baluja, S-O", "APD, ratio"), "value"]
    assert frame.loc[("photographs", "Baluja, S-O", "APD"), "value"] == pytest.approx(255 * ratio)
    frame = pd.read_csv(results / "steganography_trade_off.csv").set_index(["row", "column", "metric"])
    assert frame.loc[("ours", "S-O", "MSE"), "value"] == pytest.approx(theirs)
    flat = frame.loc[("baseline: mean grey as the secret", "S-O", "MSE"), "value"]
    assert flat == pytest.approx(np.mean([s.var((0, 1)).mean() / 255**2 for s in secrets]), rel=0.01)
    assert frame.loc[("baseline: LSB 4", "S-O after JPEG 75", "MSE"), "value"] > 10 * lsb_3[0]
    for row in ("ours, trained through JPEG", "ours, as in the comparison", "Baluja, as in the comparison"):
        assert frame.loc[(row, "S-O after JPEG 75", "MSE"), "status"] == "measured"
    frame = pd.read_csv(results / "steganography_through_jpeg.csv").set_index(["row", "column"])
    containers = [lsb.hide(c, s, 4) for c, s in zip(covers, secrets, strict=True)]
    after = [lsb.reveal(compress(h, 75), 4) for h in containers]
    expected = np.mean([psnr(s, r) for s, r in zip(secrets, after, strict=True)])
    assert frame.loc[("revealed from JPEG 75", "LSB 4"), "value"] == pytest.approx(expected)
    assert frame.loc[("the container as PNG", "ours"), "value"] == 100  # these networks hide nothing
    assert frame.loc[("revealed from JPEG 95", "ours, trained through JPEG"), "status"] == "measured"
    for name in ("table_1", "table_2", "trade_off", "figure_5", "figure_6"):
        assert (results / f"steganography_{name}.png").stat().st_size > 1000


def test_a_table_without_networks_says_so(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluation, "names", list)
    arguments = ("reproduce", "steganography", "table-1", "--scale", "smoke", "--rows", "photographs*")
    assert command(*arguments)[0] == 0
    frame = pd.read_csv("runs/tables/smoke/steganography_table_1.csv").set_index(["row", "column"])
    assert set(frame.loc[(slice(None), "ours"), "status"]) == {"not-run"}
    reasons = read_reasons(Path("runs/tables/smoke/steganography_table_1.csv"))
    command = (
        "`zoo pretrain steganography --scale photographs --dataset open_photographs --network baluja --lambda 0.5`"
    )
    assert command in reasons["photographs, lambda 0.5|Baluja|loss (equation 1)"]
    assert frame.loc[("photographs, lambda 0.75", "LSB 4"), "status"] == "measured"


def test_sizes_at_smoke(tmp_path, command, monkeypatch, networks):
    monkeypatch.chdir(tmp_path)
    code, _, err = command("reproduce", "steganography", "sizes", "--scale", "smoke", "--weights", networks)
    assert code == 0, err
    frame = pd.read_csv("runs/tables/smoke/steganography_sizes.csv").set_index(["row", "column", "metric"]).sort_index()
    found = []
    for side in (32, 64):
        whole = [shrink(picture.load(), side) for picture in photographs("embedded", None, "test")[:2]]
        theirs = np.mean([mse(whole[0], whole[1]), mse(whole[1], whole[0])])
        # These networks return the cover as container and as secret image.
        cells = frame.xs((f"{side} pixels", "ours"))["value"]
        assert cells["loss (equation 1)"] == pytest.approx(0.75 * theirs)
        assert cells["PSNR of the container"] == 100
        found.append(frame.loc[(f"{side} pixels", "LSB 4", "loss (equation 1)"), "value"])
    assert 0 < found[0] != found[1] < 0.01
    whole = [picture.load() for picture in photographs("embedded", None, "test")[:2]]
    secrets = [hiding.resize(other, *cover.shape[:2]) for cover, other in zip(whole, whole[::-1], strict=True)]
    cells = frame.xs(("as they are", "ours"))["value"]
    pairs = list(zip(whole, secrets, strict=True))
    assert cells["loss (equation 1)"] == pytest.approx(0.75 * np.mean([mse(*pair) for pair in pairs]))
    assert cells["PSNR of the container"] == 100
    assert cells["PSNR of the revealed image"] == pytest.approx(np.mean([psnr(*pair[::-1]) for pair in pairs]))
    containers = [lsb.hide(*pair, 4) for pair in pairs]
    theirs = np.mean([psnr(cover, h) for cover, h in zip(whole, containers, strict=True)])
    assert frame.loc[("as they are", "LSB 4", "PSNR of the container"), "value"] == pytest.approx(theirs)


def test_the_training_loss_is_read_from_the_trainings_log(tmp_path):
    (tmp_path / "ours-0.5.json").write_text(json.dumps([{"loss": 0.3}, {"loss": 0.1}, {"loss": 0.2}]))
    settings = Settings("smoke", "imagenet2012", weights=tmp_path)
    for network, measured in (("ours", True), ("baluja", False)):
        cell = table_1.training_cell(settings, "row", "column", network, 0.5, 0.00024)
        assert cell.status == ("measured" if measured else "not-run")
        assert not measured or cell.measure().value == 0.1


def test_networks_of_the_local_store_fill_the_tables(monkeypatch):
    tag = "open-photographs-photographs"
    here = {
        "steganography-h-net.photographs",
        "steganography-r-net.photographs",
        f"steganography-baluja.{tag}-lambda-0-5",
    }
    here |= {f"steganography-{net}.{tag}-lambda-1{end}" for net in ("h-net", "r-net") for end in ("", "-jpeg")}
    here.add(f"steganography-h-net.{tag}-lambda-0-5")  # without its R-net
    monkeypatch.setattr(evaluation, "names", lambda: here)
    found = {
        (network, weight): evaluation.stored_training(network, weight)
        for network in ("ours", "baluja", "ours-jpeg")
        for weight in (0.5, 0.75, 1.0)
    }
    assert {key: value for key, value in found.items() if value} == {
        ("ours", 0.75): "photographs",
        ("ours", 1.0): f"{tag}-lambda-1",
        ("baluja", 0.5): f"{tag}-lambda-0-5",
        ("ours-jpeg", 1.0): f"{tag}-lambda-1-jpeg",
    }


def test_detectability_at_smoke(tmp_path, command, monkeypatch, networks):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(detectability.SCALES, "smoke", detectability.Scale(12))
    arguments = ("--scale", "smoke", "--weights", networks, "--rows", "ours", "--rows", "ours, c*", "--rows", "*LSB 4*")
    assert command("reproduce", "steganography", "detectability", *arguments)[0] == 0
    frame = pd.read_csv("runs/tables/smoke/steganography_detectability.csv").set_index(["row", "column"])
    # A container that is its cover cannot be told from it.
    for ending in ("", ", colour differences"):
        assert (frame.loc[f"ours{ending}", "value"] == 50).all()
        assert frame.loc[(f"baseline: LSB 4{ending}", "scenes"), "value"] < 50


def test_timings_and_comparison_at_smoke(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    times = {"ours": np.array([1.0, 2.0]), "Baluja": np.array([3.0, 6.0])}
    monkeypatch.setattr(timing, "_models", dict)
    monkeypatch.setattr(timing, "take_turns", lambda actions, turns: times)
    monkeypatch.setattr(comparison, "train", lambda scale, network, seed: (None, [_point(network)] * comparison.POINTS))
    for table in ("table-3", "table-4", "comparison"):
        assert command("reproduce", "steganography", table, "--scale", "smoke")[0] == 0
    frame = pd.read_csv("runs/tables/smoke/steganography_table_3.csv").set_index(["row", "column"])
    assert frame.loc[("batch 2", "ours"), "value"] == 1.5 * 7500
    assert frame.loc[("batch 2", "Baluja / ours"), "value"] == 3
    assert frame.loc[("batch 64", "Baluja / ours"), "paper_value"] == pytest.approx(543 / 391)
    frame = pd.read_csv("runs/tables/smoke/steganography_table_4.csv").set_index(["row", "column"])
    assert frame.loc[("CPU", "Baluja"), "value"] == 4500
    assert set(frame.loc["GPU", "status"]) == {"not-run"}
    frame = pd.read_csv("runs/tables/smoke/steganography_comparison.csv").set_index(["row", "column", "metric"])
    assert frame.loc[("Baluja - ours", "equal seconds", "MSE, C-H, difference"), "value"] == 2


@pytest.mark.parametrize(("kind", "timed"), [("CPU of a kind", {"16"}), ("GPU of a kind", {"16", "32", "64"})])
def test_table_3_times_no_batch_on_a_cpu_that_takes_more_memory_than_a_command_may(monkeypatch, kind, timed):
    monkeypatch.setattr(table_3, "device", lambda: kind)
    cells = list(table_3.cells(Settings("paper")))
    assert {cell.row.split()[1] for cell in cells if cell.measure} == timed
    assert all("needs a GPU" in cell.why and cell.paper_value for cell in cells if not cell.measure)


def _point(network):
    value = {"ours": 1.0, "ours, SSIM loss": 2.0, "Baluja": 3.0}[network]
    return dict.fromkeys(comparison.METRICS, value)


def test_taking_turns_measures_each_action():
    calls = []
    actions = {"fast": lambda: calls.append("fast"), "slow": lambda: calls.append(sum(range(300_000)))}
    times = timing.take_turns(actions, 5)
    assert [len(found) for found in times.values()] == [5, 5]
    assert len(calls) == 12
    assert np.median(times["slow"]) > np.median(times["fast"])


def test_transcribed_values_bear_the_papers_ratios():
    times = paper_values("steganography", "table_3")
    assert [round(r, 2) for r in times["Baluja"] / times["ours"]] == [1.26, 1.55, 1.39]
    times = paper_values("steganography", "table_4")
    np.testing.assert_allclose(times["Baluja"] / times["ours"], times["Baluja / ours"], rtol=0.04)
    table_1 = paper_values("steganography", "table_1").dropna()
    assert (table_1["Baluja"] > 4 * table_1["ours"]).all()
    assert paper_values("steganography", "table_2").shape == (4, 4)


def test_pretrain_refuses_an_unknown_scale(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = command("pretrain", "steganography", "--scale", "huge")
    assert code == 2
    assert err.strip().endswith("Received: 'huge'")


def test_pretrain_takes_recipe_start_lambda_and_networks(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = []
    monkeypatch.setattr(pretrained, "run", lambda *given: ran.append(given))
    words = ("--recipe", "short", "--initialiser", "pytorch", "--epochs", "7", "--lambda", "all", "--network", "all")
    assert command("pretrain", "steganography", "--scale", "smoke", *words)[0] == 0
    ((scale, material, kept, _, local, begin),) = ran
    assert (scale.recipe, scale.start, scale.epochs) == ("short", "pytorch", 7)
    assert (scale.weights, scale.networks) == ((0.5, 0.75, 1.0), ("ours", "baluja"))
    assert (kept, local) == (
        "zoo pretrain steganography --scale smoke --recipe short --initialiser pytorch --epochs 7 --network all "
        "--lambda all --seed 0",
        "generated-smoke-short-pytorch",
    )
    assert (material.pictures, begin) == ([], None)
    words = ("--jpeg-from", "photographs", "--recipe", "relative", "--epochs", "7", "--size", "96")
    assert command("pretrain", "steganography", "--scale", "smoke", *words)[0] == 0
    scale, *_, begin = ran[-1]
    assert (scale.jpeg_recipe, scale.jpeg_epochs, scale.jpeg_size) == ("relative", 7, 96)
    assert (scale.epochs, scale.size, begin.channel) == (1, 32, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("steganography", "--lambda", "0.6"), "invalid choice: '0.6'"),
        (("steganography", "--jpeg-from", "absent"), "Received: 'absent'"),
        (
            ("steganography", "--jpeg-from", "photographs", "--lambda", "all"),
            "a single number. Received: ours and 0.5, 0.75",
        ),
        (("steganography", "--size", "80"), "--size must be a multiple of 32. Received: 80"),
        (("steganography", "--holidays", "absent"), "absent"),
        (("steganography", "--scale", "laptop", "--install", "--recipe", "relative"), "Received: --recipe relative"),
    ],
)
def test_pretrain_refuses_options_that_do_not_fit(tmp_path, command, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    scale = () if "--scale" in words else ("--scale", "smoke")
    code, _, err = command("pretrain", *words, *scale)
    assert code == 2
    assert message in err.strip().splitlines()[-1]


def test_pretrain_at_smoke_leaves_networks_that_tables_take(tmp_path, command, monkeypatch):
    """Trainings of no step; others train."""
    losses = dict.fromkeys(figure_4.ROWS.values(), 0.5)

    def fit(model, scale, folder, name, *given, **options):
        SavedState(folder / name).write(model, {"epoch": scale.epochs, "seconds": 1.0, "commit": "c"} | losses)
        return model

    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.chdir(tmp_path)
    code, out, err = command("pretrain", "steganography", "--scale", "smoke")
    assert code == 0, err
    assert out.count("packing moves the PSNRs: container ") == 2
    entry = provenance("steganography-h-net.generated-smoke")
    assert (entry.command, entry.data) == (
        "zoo pretrain steganography --scale smoke --seed 0",
        "generated dead-leaves scenes",
    )
    folder = tmp_path / "runs" / "steganography-smoke-0"
    files = {"ours-0.75.keras", "ours-jpeg-0.75.keras", "steganography-h-net.photographs.npz"}
    assert {p.name for p in folder.iterdir()} >= files | {"steganography-r-net.photographs-jpeg.npz"}
    assert provenance("steganography-r-net.generated-smoke-jpeg").data == "generated dead-leaves scenes"
    assert stored_steganographer(jpeg=True, weights=folder).channel.quality == (75, 95)
    assert load_steganographer(folder / "ours-jpeg-0.75.keras").channel.quality == (75, 95)
    assert command("reproduce", "steganography", "figure-4", "--scale", "smoke", "--weights", folder)[0] == 0
    frame = pd.read_csv("runs/tables/smoke/steganography_figure_4.csv")
    assert (frame["status"] == "measured").all()
    assert len(frame) == 6
