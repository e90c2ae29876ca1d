"""The protocols on TID2013, LIVE and CASIA-2: names and lists as they come, a kill between splits or trainings."""

import dataclasses
import shutil

import pytest
from paper_cut import CUT
from PIL import Image

from zoo.datasets import keyed, splices
from zoo.datasets.distortions import distort
from zoo.datasets.embedded import generate_scene
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.forgery.casia import Casia
from zoo.experiments.hyperimage.forgery.evaluation import BASELINE, PROPOSED
from zoo.experiments.hyperimage.quality import protocol, training
from zoo.experiments.hyperimage.quality.evaluation import SUBSETS
from zoo.hyperimage import VGGPatchNet

pytestmark = pytest.mark.paper

SIZE = (256, 272)
"""The deep end-to-end network takes sides of 256 at least; the databases have 384 x 512 and more."""
LIVE_KINDS = {"jp2k": 11, "jpeg": 10, "wn": 1, "gblur": 8, "fastfading": 15}


@pytest.fixture
def cut(monkeypatch):
    """The protocol with few splits, epochs and patches; VGG-16 as it starts, since its weights are a download."""
    scale = training.SCALES["paper"]
    first, second = (dataclasses.replace(r, epochs=CUT.quality_epochs) for r in (scale.first, scale.second))
    scale = dataclasses.replace(scale, patches=CUT.quality_patches, first=first, second=second)
    monkeypatch.setitem(training.SCALES, "paper", scale)
    for experiment in protocol.SPLITS:
        monkeypatch.setitem(protocol.SPLITS, experiment, CUT.quality_splits)
    monkeypatch.setattr(protocol, "VGGPatchNet", lambda weights: VGGPatchNet())


def _references():
    for number in range(1, CUT.quality_references + 1):
        yield number, generate_scene(keyed.generator(13, number), *SIZE)


def test_tid2013(workplace, cut, monkeypatch, done, command, papers_numbers):
    folder, lines = workplace / "TID2013", []
    for part in ("reference_images", "distorted_images"):
        (folder / part).mkdir(parents=True)
    for reference, image in _references():
        Image.fromarray(image).save(folder / "reference_images" / f"I{reference:02d}.BMP")
        for place, number in enumerate(SUBSETS["six"]):
            name, level = f"i{reference:02d}_{number:02d}_{1 + place % 5}.bmp", 1 + place % 5
            distorted = distort(image, number, level, keyed.generator(13, reference, number))
            Image.fromarray(distorted).save(folder / "distorted_images" / name)
            lines.append(f"{6 - level + reference / 100:.5f} {name}\n")
    (folder / "mos_with_names.txt").write_text("".join(lines))

    trained, original = [], protocol.Protocol._trained

    def counted(self, split, method, distortions, place):
        trained.append((split, method, distortions))
        if len(trained) == 2:
            raise KeyboardInterrupt
        return original(self, split, method, distortions, place)

    monkeypatch.setattr(protocol.Protocol, "_trained", counted)
    table = ("reproduce", "hyperimage", "table-2", "--scale", "paper", "--dataset", "tid2013", "--data-dir", folder)
    assert command(*table)[0] == 130
    done(*table)
    assert trained.count(trained[0]) == 1  # what had ended before the kill was kept
    found = papers_numbers("hyperimage_table_2")
    own = ~found.index.get_level_values("row").str.startswith("Experiment 1")
    assert set(found[own]["status"]) == {"measured"} and set(found[own]["comparable"]) == {"yes"}


def test_live(workplace, cut, done, papers_numbers):
    folder, lines = workplace / "LIVE", []
    for part in ("refimgs", *LIVE_KINDS):
        (folder / part).mkdir(parents=True)
    for reference, image in _references():
        name = ("bikes", "womanhat", "dancers", "ocean", "caps")[reference - 1]
        Image.fromarray(image).save(folder / "refimgs" / f"{name}.bmp")
        for kind, number in LIVE_KINDS.items():
            distorted = distort(image, number, 3, keyed.generator(14, reference, number))
            Image.fromarray(distorted).save(folder / kind / f"img{reference}.bmp")
            lines.append(f"{30 + reference + number / 10:.6f} \t{kind}/img{reference}.bmp\t{name}.bmp\n")
    (folder / "LIVE_MOS_NAME_REF.txt").write_text("".join(lines))
    done("reproduce", "hyperimage", "table-2", "--scale", "paper", "--dataset", "live_iqa", "--data-dir", folder)
    found = papers_numbers("hyperimage_table_2")
    rows = found.index.get_level_values("row")
    ours = rows.isin([f"Experiment 1: {method}" for method in protocol.METHODS])
    assert set(found[ours]["status"]) == {"measured"} and set(found[ours]["comparable"]) == {"yes"}
    others = rows.str.startswith("Experiment 1") & ~ours
    assert set(found[others]["status"]) == {"quoted"}


def test_casia2(workplace, monkeypatch, done, command, papers_numbers):
    scale = forgery.SCALES["paper"]
    recipes = {
        name: dataclasses.replace(getattr(scale, name), epochs=CUT.forgery_epochs)
        for name in ("first", "second", "end_to_end")
    }
    recipes["first"] = dataclasses.replace(recipes["first"], batch_size=CUT.forgery_pairs)
    monkeypatch.setitem(forgery.SCALES, "paper", dataclasses.replace(scale, **recipes))
    folder = workplace / "CASIA2"
    for part in ("Au", "Tp"):
        (folder / part).mkdir(parents=True)
    for n in range(CUT.forgery_hosts):
        host, donor = (generate_scene(keyed.generator(15, n, which), 128, 192) for which in (0, 1))
        Image.fromarray(host).save(folder / "Au" / f"Au_nat_{n:05d}.jpg", quality=95)
        for which, suffix in enumerate(("jpg", "tif")):
            tampered = splices.make(keyed.generator(16, n, which), host, donor).tampered
            name = f"Tp_D_NNN_M_N_nat{n:05d}_art{n:05d}_{2 * n + which:05d}.{suffix}"
            Image.fromarray(tampered).save(folder / "Tp" / name)
    # The database has files twice, and some that are called both authentic and tampered.
    shutil.copy(folder / "Au" / "Au_nat_00000.jpg", folder / "Au" / "Au_nat_00900.jpg")
    odd = folder / "Au" / "Au_txt_00007.jpg"
    Image.fromarray(generate_scene(keyed.generator(17), 128, 192)).save(odd)
    shutil.copy(odd, folder / "Tp" / "Tp_D_NNN_M_N_txt00007_txt00008_00900.jpg")

    def interrupted(self, network, saved):
        raise KeyboardInterrupt

    table = ("reproduce", "hyperimage", "table-3", "--scale", "paper", "--dataset", "casia2", "--data-dir", folder)
    with monkeypatch.context() as patch:
        patch.setattr(Casia, "_second", interrupted)
        assert command(*table)[0] == 130
    ended = {path: path.stat().st_mtime_ns for path in (workplace / "runs" / "splits").rglob("*.npz")}
    assert {path.stem for path in ended} == {"end-to-end", "ranking"}
    done(*table)
    assert {path: path.stat().st_mtime_ns for path in ended} == ended  # what had ended before the kill was kept
    found = papers_numbers("hyperimage_table_3")
    ours = found.index.get_level_values("row").isin([BASELINE, PROPOSED])
    assert len(found) == 3 and set(found[~ours]["status"]) == {"quoted"}
    assert set(found[ours]["status"]) == {"measured"} and set(found[ours]["comparable"]) == {"yes"}
