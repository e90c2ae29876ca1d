from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, expose, write_dng
from zoo.datasets.embedded import generate_linear_scene
from zoo.experiments.imaging.prnu import pipelines, shots
from zoo.experiments.imaging.prnu import training as low_light
from zoo.experiments.imaging.prnu.evaluation import ANOTHER_BODY, TRUTH, PrnuEvaluation
from zoo.experiments.imaging.prnu.tables import false_alarms, figure_5, identification, silence, table_3
from zoo.experiments.run import measure as runner
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.paper_values import paper_values
from zoo.images import read_photograph, write_png
from zoo.imaging import INet
from zoo.imaging.developing.raw import read as raw_of
from zoo.weights import pack, provenance

SMOKE = Settings("smoke")
CLASSICAL = ["Menon", "bilinear", "libRAW"]


def _values(table, folder, settings=SMOKE):
    frame = runner.run(table, settings, folder, progress=False)
    measured = frame[frame["status"] == "measured"]
    return frame, measured.set_index(["metric", "row", "column"])["value"].to_dict()


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    return _values(figure_5.TABLE, tmp_path_factory.mktemp("figure"))


def test_figure_5_has_both_matrices(figure):
    frame, values = figure
    names = [*CLASSICAL, "INet", "DNet", "UNet"]
    correlations, scores = (frame[frame["metric"] == m] for m in ("correlation", "F1"))
    assert len(correlations) == 6 * 5 // 2 + 6 + 2
    assert len(scores) == 6 * 6 + 3 * 6 + 2
    stored = {n for n in names if n in CLASSICAL or pipelines.standard("birch", None)[names.index(n)].develop}
    ran = {key[1:] for key in values if key[0] == "F1" and key[1] in names}
    assert ran == {(a, b) for a in stored for b in stored}
    assert set(frame["status"]) <= {"measured", "not-run"}
    assert (frame["comparable"] == "no").all()


def test_figure_5_measures_what_it_says(figure):
    _, values = figure
    between = [values["correlation", a, b] for a, b in (CLASSICAL[:2], CLASSICAL[::2], CLASSICAL[1:])]
    assert min(between) > 0.3
    assert values["correlation", "lowest", "all that ran"] <= min(between)
    assert values["correlation", "highest", "all that ran"] >= max(between)
    for name in CLASSICAL:
        assert values["correlation", TRUTH, name] > 0.15
        assert values["F1", TRUTH, name] > values["F1", ANOTHER_BODY, name]
        # 48 x 48 of 128 x 128.
        assert values["F1", figure_5.EVERYTHING, name] == pytest.approx(2 * 48**2 / (48**2 + 128**2))


def test_figure_s1_is_figure_5_of_every_camera(figure, tmp_path):
    cells = {(cell.metric, cell.row, cell.column): cell for cell in figure_5.cells_of_figure_s1(SMOKE)}
    assert len(cells) == len(CAMERAS) * len(figure[0])
    assert cells["correlation", "alder: INet", "DNet"].status == "not-run"  # the networks are those of "birch"
    key = ("correlation", "Menon", "bilinear")
    found = {camera: cells[key[0], f"{camera}: {key[1]}", key[2]].measure().value for camera in ("alder", "birch")}
    assert found["birch"] == figure[1][key] != found["alder"]
    frame = pd.concat([figure[0].assign(row=f"{camera}: " + figure[0]["row"]) for camera in CAMERAS])
    figure_5.draw_figure_s1(frame, SMOKE, "title", tmp_path / "figure.png")
    assert read_photograph(tmp_path / "figure.png").std() > 10
    with pytest.raises(ValueError, match=r"Figure S1 needs the synthetic cameras.*Received: --data-dir photos"):
        list(figure_5.cells_of_figure_s1(Settings("smoke", data_dir=Path("photos"))))


def test_figure_5_is_drawn(figure, tmp_path):
    frame, _ = figure
    figure_5.draw(frame, SMOKE, "title", tmp_path / "figure.png")
    assert read_photograph(tmp_path / "figure.png").std() > 10


def test_table_3_stands_beside_the_papers(tmp_path):
    frame, values = _values(table_3.TABLE, tmp_path)
    printed = frame.set_index(["row", "column"])["paper_value"].dropna().to_dict()
    names = ["libRAW (long)", "libRAW (short)", "UNet (short)"]
    assert printed == {
        (names[0], names[1]): 0.06,
        (names[0], names[2]): 0.08,
        (names[1], names[2]): 0.09,
        **{(name, "average PCE"): pce for name, pce in zip(names, (470, 807, 13), strict=True)},
    }
    assert values["correlation", TRUTH, names[0]] > values["correlation", TRUTH, names[1]]
    with pytest.raises(ValueError, match="needs short and long exposures"):
        list(table_3.cells(Settings("smoke", data_dir=tmp_path)))


@pytest.fixture(scope="module")
def dark_folder(tmp_path_factory):
    """See-in-the-Dark's names and folders: six scenes, one of which is misaligned; a tenth and a fiftieth of 10 s."""
    path, body = tmp_path_factory.mktemp("sid"), Body(CAMERAS["alder"], 1)  # RGGB, as the Sony
    for n, scene in enumerate(("00001", "00002", "10003", "10034", "20004", "20005", "00006")):
        for kind, seconds in (("long", "10"), ("short", "1"), ("short", "0.02")):
            (path / kind).mkdir(exist_ok=True)
            light = generate_linear_scene(keyed.generator(0, n), 136, 144) * np.float32(float(seconds) / 10)
            file = path / kind / f"{scene}_00_{seconds}s.dng"
            write_dng(file, expose(light, body, keyed.generator(0, n, len(seconds))), body)
            file.rename(file.with_suffix(".ARW"))
    return path


def test_see_in_the_dark_gives_each_scene_one_role_and_both_exposures(dark_folder):
    counts = {"fingerprint": 100, "predictor": 0, "test": 20}
    dealt = shots.dark(dark_folder, counts, 128, 3)
    found = {role: [shot.source for shot in kinds["long"]] for role, kinds in dealt.items()}
    assert {role: len(sources) for role, sources in found.items()} == {"fingerprint": 5, "test": 1}
    scenes = {source[:5] for sources in found.values() for source in sources}
    assert scenes == {"00001", "00002", "10003", "20004", "20005", "00006"}  # not 10034, which is misaligned
    for kinds in dealt.values():
        for long, short in zip(kinds["long"], kinds["short"], strict=True):
            assert long.source[:5] == short.source[:5] and long.exposure == 1
            ratio = min(10 / float(short.path.stem.split("_")[2].removesuffix("s")), 300)
            assert short.exposure == pytest.approx(1 / ratio)
            assert (short.image.cfa, short.image.shape) == ("RGGB", (128, 128))
            assert long.image.codes.base is None and short.image.codes.base is None
            np.testing.assert_array_equal(short.image.codes, raw_of(short.path).codes[2:66, 4:68])
    kinds = {shot.path.stem[9:] for shot in shots.dark(dark_folder, counts, 128, 0)["fingerprint"]["short"]}
    assert kinds == {"1s", "0.02s"}
    with pytest.raises(ValueError, match=r"folders long and short.* Received: .*, 0 scenes"):
        shots.dark(dark_folder / "long", counts, 128, 0)


def test_table_3_of_see_in_the_dark(dark_folder, tmp_path, monkeypatch):
    settings = Settings("smoke", "sid", dark_folder)
    cells = {(cell.row, cell.column): cell for cell in table_3.cells(settings)}
    assert "--weights names the folder" in cells["UNet (short)", "average PCE"].why
    assert cells[TRUTH, "libRAW (long)"].why == "a real camera's pattern is not known"
    (tmp_path / "Sony").mkdir()
    (tmp_path / "Sony" / "model.ckpt.index").touch()
    loaded, given = [], []
    monkeypatch.setattr("zoo.imaging.developing.sid.load_sid_checkpoint", lambda model, path: loaded.append(path))
    predict = keras.Model.predict_on_batch
    monkeypatch.setattr(keras.Model, "predict_on_batch", lambda self, x: (given.append(x), predict(self, x))[1])
    frame, values = _values(table_3.TABLE, tmp_path, Settings("smoke", "sid", dark_folder, weights=tmp_path))
    assert loaded == [tmp_path / "Sony" / "model.ckpt"]
    papers = frame[frame["paper_value"].notna()]
    assert set(papers["status"]) == {"measured"} and len(papers) == 6
    # Brightened by the ratio of exposures, and not white-balanced.
    short = shots.dark(dark_folder, {"fingerprint": 4, "test": 2}, 128, 0)["fingerprint"]["short"][0]
    expected = np.minimum(short.image.planes / np.float32(short.exposure), 1)
    np.testing.assert_array_equal(given[0][0], expected)
    assert values["PCE", "libRAW (long)", "average PCE"] > 0
    at_paper = [c for c in table_3.cells(Settings("paper", "sid", dark_folder, weights=tmp_path)) if c.paper_value]
    assert all(cell.comparable and cell.measure for cell in at_paper) and len(at_paper) == 6
    others = [c for c in table_3.cells(Settings("paper")) if c.paper_value]
    assert {cell.status for cell in others} == {"data-unavailable"} and len(others) == 6
    with pytest.raises(ValueError, match="--data-dir must be its folder"):
        list(table_3.cells(Settings("paper", "sid")))


def test_printed_ranges():
    assert paper_values("imaging", "figure_5").to_dict() == {
        "correlation": {"lowest": 0.57, "highest": 0.96},
        "F1": {"lowest": 0.35, "highest": 0.51},
    }


def test_identification_tells_bodies_apart():
    measured = identification.Identification(SMOKE)
    others = tuple(identification.OTHERS["other bodies of the model"])
    for row in ("as developed", identification.ARTEFACT):
        own = measured.median(row, (identification.OWN,))
        assert own.ci_low > 60 > measured.median(row, others).ci_high
        assert (own.n_sources, own.n_units) == (2, 2)
    rate = measured.false_positives("as developed", others)
    assert (rate.value, rate.ci_low) == (0, 0)
    assert rate.ci_high == pytest.approx(100 * (1 - 0.05 ** (1 / 6)))  # none in six
    found = measured.detected("as developed")
    assert (found.value, found.ci_high) == (100, 100)
    assert found.ci_low == pytest.approx(100 * 0.05 ** (1 / 2))  # both of two
    with pytest.raises(ValueError, match="synthetic bodies only"):
        identification.Identification(Settings("smoke", data_dir="photos"))


def test_every_body_and_exposure_sees_the_same_scenes():
    first, second = (Body(CAMERAS["birch"], n) for n in (1, 2))
    (shot,), (other,) = (shots.synthetic(body, "test", 1, 64, 0) for body in (first, second))
    (again,) = shots.synthetic(first, "test", 1, 64, 0)
    (apart,) = shots.synthetic(first, "predictor", 1, 64, 0)
    (short,) = shots.synthetic(first, "test", 1, 64, 0, 0.1)
    np.testing.assert_array_equal(shot.image.codes, again.image.codes)
    planes = [s.image.planes.ravel() for s in (shot, other, short, apart)]
    assert not np.array_equal(planes[0], planes[1])
    assert np.corrcoef(planes[0], planes[1])[0, 1] > 0.9
    assert planes[2].mean() == pytest.approx(0.1 * planes[0].mean(), rel=0.1)
    assert np.corrcoef(planes[0], planes[3])[0, 1] < 0.9


@pytest.fixture
def camera_folder(tmp_path):
    body = Body(CAMERAS["alder"], 1)
    whole = shots.synthetic(body, "test", 5, 96, 0)
    for n, shot in enumerate(whole):
        write_dng(tmp_path / f"{n}.dng", shot.image.mosaic, body)
    return tmp_path, whole


def test_folder_of_raw_files(camera_folder):
    path, whole = camera_folder
    counts = {"fingerprint": 90, "predictor": 30, "test": 30}
    dealt = shots.folder(path, counts, 64, 3)
    assert {role: len(found) for role, found in dealt.items()} == {"fingerprint": 3, "predictor": 1, "test": 1}
    sources = [shot.source for found in dealt.values() for shot in found]
    assert sorted(sources) == list("01234")
    # Views would keep the whole photographs in memory, gigabytes of 150.
    assert all(shot.image.codes.base is None for found in dealt.values() for shot in found)
    shot = dealt["test"][0]
    assert shot.source == "4"  # the last is what no network is trained on
    synthetic = whole[int(shot.source)]
    # One row further down the mosaic has the phase of the networks.
    assert shot.image.cfa == pipelines.PHASE != synthetic.image.cfa
    (y, x) = shot.corner
    np.testing.assert_array_equal(shot.image.mosaic, synthetic.image.mosaic[y : y + 64, x : x + 64])
    # LibRaw develops the whole file in both cases; the middle of it is the shot's.
    np.testing.assert_array_equal(shot.libraw(), synthetic.libraw()[y : y + 64, x : x + 64])
    np.testing.assert_array_equal(synthetic.libraw(), read_photograph(path / f"{shot.source}.dng"))
    evaluation = PrnuEvaluation(Settings("smoke", data_dir=path), pipelines.standard(None, None)[:1], synthetic.body)
    with pytest.raises(ValueError, match=r"at least 128x128 pixels are needed\. Received: \(94, 96\)"):
        evaluation.pictures("test", "Menon")
    (path / "0.dng").unlink()
    with pytest.raises(ValueError, match=r"at least 5 RAW files .* 4 RAW files$"):
        shots.folder(path, counts, 64, 3)


def test_figure_5_of_a_users_camera(tmp_path):
    """Of any phase, with the networks that were fitted to it and no other."""
    body = Body(CAMERAS["alder"], 1)
    for n, shot in enumerate(shots.synthetic(body, "test", 5, 136, 0)):
        write_dng(tmp_path / f"{n}.dng", shot.image.mosaic, body)
    cells = {
        (cell.row, cell.column, cell.metric): cell
        for cell in figure_5.cells(Settings("smoke", data_dir=tmp_path, dataset="folder:x"))
    }
    absent = cells["Menon", "INet", "correlation"]
    assert (absent.status, absent.why) == ("not-run", "no weights of INet here")
    assert cells["true pattern", "Menon", "F1"].why == "a real camera's pattern is not known"
    network = INet()
    pack(network, tmp_path / "inet.npz", {layer.name: 32 for layer in network.layers})
    settings = Settings("smoke", data_dir=tmp_path, dataset="folder:x", weights=tmp_path)
    (cell,) = (c for c in figure_5.cells(settings) if (c.row, c.column, c.metric) == ("Menon", "INet", "correlation"))
    assert -1 < cell.measure().value < 1


@pytest.mark.parametrize("module", [figure_5, table_3, identification, false_alarms, silence])
def test_other_scales_are_refused(module):
    with pytest.raises(ValueError, match="Received: 'huge'"):
        list(module.cells(Settings("huge")))


def test_networks_by_name(tmp_path):
    """A folder of packed weights makes the networks' pipelines run."""
    network = INet()
    pack(network, tmp_path / "inet-birch.photographs.npz", {layer.name: 32 for layer in network.layers})
    chosen = {p.name: p for p in pipelines.standard("birch", tmp_path)}["INet"]
    (shot,) = shots.synthetic(Body(CAMERAS["birch"], 1), "test", 1, 64, 0)
    picture = chosen.develop(shot)
    expected = np.asarray(network.predict_on_batch(shot.image.balanced_planes[None]))[0]
    assert np.abs(picture - 255 * expected).max() <= 0.51
    (other,) = shots.synthetic(Body(CAMERAS["alder"], 1), "test", 1, 64, 0)
    with pytest.raises(ValueError, match=r"GBRG\. Received: RGGB"):
        chosen.develop(other)


@pytest.mark.slow
def test_the_low_light_network_is_trained_where_table_3_takes_it(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, _, err = command("pretrain", "imaging", "low-light", "--scale", "smoke")
    assert code == 0, err
    assert provenance("unet-cedar-low-light.generated-smoke").command == (
        "zoo pretrain imaging low-light --scale smoke --seed 0"
    )
    cells = table_3.cells(Settings("smoke", weights=tmp_path / "runs" / "imaging-smoke-0"))
    assert {cell.status for cell in cells if cell.row == "UNet (short)"} == {"measured"}


def test_low_light_pairs_share_a_scene():
    (pair,) = low_light.pairs("train", 1, 64)
    assert (pair.planes.shape, pair.target.shape) == ((32, 32, 4), (64, 64, 3))
    green = (pair.target[::2, ::2, 1] / 65535.0) ** 2.2
    assert np.corrcoef(pair.planes[..., 1].ravel(), green.ravel())[0, 1] > 0.5
    with pytest.raises(ValueError, match="one of train, validation"):
        low_light.pairs("test", 1, 64)


@pytest.fixture(scope="module")
def alarms(tmp_path_factory):
    return _values(false_alarms.TABLE, tmp_path_factory.mktemp("alarms"))


def test_false_alarms_of_every_kind_of_crop(alarms):
    frame, values = alarms
    measured = false_alarms.FalseAlarms(SMOKE)
    rows = [row.label for row in (*measured.rows, *measured.maps)]
    assert len(rows) == 2 * 2 * 3 + 3 == len(set(rows))
    assert set(frame["row"]) == set(rows)
    assert set(frame["status"]) == {"measured"}
    maps = frame["row"].str.endswith("map")
    others = frame[frame["metric"].str.startswith("other cameras, p") & ~maps]
    assert set(frame.loc[maps, "n_units"]) == {6 * 2 * 2}  # windows of 65 in 160 pixels
    # Two photographs of each of three bodies, with the fingerprints of the other two.
    assert set(others["n_units"]) == {12} and set(others["n_sources"]) == {6}
    own = frame[frame["metric"].str.startswith("own")]
    assert set(own["n_units"]) == {6}
    for way in false_alarms.WAYS:
        assert values["own pictures, found at 1 % false alarms", "128 pixels, not saved again, aligned", way] > 50


def test_shares_resample_cameras_and_photographs():
    measured = false_alarms.FalseAlarms(SMOKE)
    row = measured.rows[0]
    cameras, photographs = (a.ravel() for a in np.meshgrid(range(4), range(30), indexing="ij"))
    found = pd.DataFrame({"camera": cameras, "photograph": photographs, "own": cameras == photographs % 4})
    measured.pairs = lambda _: found
    # All of one camera in four: which cameras are drawn decides, and there are few of them.
    share = measured.share(row, lambda pairs: pairs["camera"] == 1, own=False)
    others = found[~found["own"]]
    assert share.value == pytest.approx(100 * (others["camera"] == 1).mean())
    assert share.ci_low == 0 and share.ci_high > 60
    assert (share.n_sources, share.n_units) == (30, len(others))
    none = measured.share(row, lambda pairs: pairs["camera"] == 9, own=False)
    assert (none.value, none.ci_low) == (0, 0)
    assert none.ci_high == pytest.approx(100 * (1 - 0.05 ** (1 / len(others))))
    nothing = measured.share(row, lambda pairs: 0.0 * pairs["camera"], own=True)
    assert (nothing.value, nothing.ci_low, nothing.ci_high) == (0, 0, 0)


def test_false_alarms_of_real_cameras(tmp_path):
    rng = np.random.default_rng(3)
    sides = {"a": (352, 272), "b": (304, 296)}
    for name, shape in sides.items():
        pattern = rng.normal(0, 0.03, (*shape, 1))
        for part, count in (("fingerprint", 3), ("test", 2)):
            (tmp_path / name / part).mkdir(parents=True)
            for n in range(count):
                levels = rng.uniform(90, 200, 3) * (1 + pattern) + rng.normal(0, 1, (*shape, 3))
                write_png(tmp_path / name / part / f"{n}.png", np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    measured = false_alarms.FalseAlarms(Settings("smoke", data_dir=tmp_path, dataset="folder:x"))
    assert {row.size for row in measured.rows if row.kind == "searched"} == {64, 128, 256}
    assert {row.size for row in measured.rows if row.kind == "aligned"} == {64, 128}
    row = next(row for row in measured.rows if row.kind == "searched" and row.size == 128)
    pairs = measured.pairs(row)
    assert len(pairs) == 2 * 4 and pairs["own"].sum() == 4
    for way in false_alarms.WAYS:
        assert pairs.loc[pairs["own"], [f"right {way}", f"match {way}"]].all().all()
    assert (pairs.loc[~pairs["own"], "p local variance"] > 1e-3).all()
    assert measured.found(row, "local variance")[pairs["own"]].all()


@pytest.mark.parametrize("table", ["false-alarms", "silence"])
def test_folders_that_are_no_cameras_are_one_line(tmp_path, command, table):
    (tmp_path / "cameras" / "a" / "test").mkdir(parents=True)
    for folder in (tmp_path / "cameras", tmp_path / "none"):
        code, _, err = command("reproduce", "imaging", table, "--scale", "smoke", "--data-dir", folder)
        assert code == 2 and len(err.splitlines()) == 1
        assert "Received: " in err


def test_silence_is_measured_by_reason(tmp_path):
    frame, values = _values(silence.TABLE, tmp_path)
    assert set(frame["row"]) == {*silence.REASONS[:-1], "none of these"}
    for reason in silence.REASONS[:-1]:
        assert values["own pictures, found", reason, "test"] == 0
        assert values["undamaged pictures, said so of", reason, "test"] == 0
    pictures = silence.Silence(SMOKE).pictures("test")
    assert len(pictures) == len(silence.EXPOSURES) + len(silence.BLURS) + len(silence.SIDES)
    assert (~pictures["damaged"]).sum() == 1
