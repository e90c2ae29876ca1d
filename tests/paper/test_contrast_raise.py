"""The contrast protocol on RAISE8K: TIFF files and the authors' lists, both training steps, a kill, Tables I and II."""

import dataclasses

import keras
import numpy as np
import pytest
from paper_cut import CUT
from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.experiments.contrast import training
from zoo.experiments.run import measure

pytestmark = pytest.mark.paper


@pytest.fixture
def raise8k(tmp_path):
    """RAISE's names, formats and lists; pictures to test on are smaller than the others."""
    folder, number = tmp_path / "RAISE", 0
    folder.mkdir()
    for split, count in zip(("train", "validation", "test"), CUT.raise8k, strict=True):
        names = [f"r{number + i:06x}at" for i in range(count)]
        for name in names:
            height, width = (70, 140) if split == "test" else (300, 330)
            scene = generate_scene(keyed.generator(8, number), height, width)
            Image.fromarray(scene).save(folder / f"{name}.TIF", compression="tiff_lzw")
            number += 1
        (folder / f"r8k_{split}.txt").write_text("".join(f"{name}.TIF\n" for name in names))
    return folder


def test_raise(workplace, raise8k, monkeypatch, done, killed, papers_numbers, command):
    unaware, aware, control = CUT.contrast_epochs
    cut = dataclasses.replace(
        training.SCALES["paper"],
        unaware_epochs=unaware,
        aware_epochs=aware,
        control_epochs=control,
        steps=CUT.contrast_steps,
    )
    monkeypatch.setitem(training.SCALES, "paper", cut)
    train = ("pretrain", "contrast", "--scale", "paper", "--dataset", "raise8k", "--data-dir", raise8k)
    killed(1, *train, "--workers", "0")
    done(*train, "--workers", "0")
    killed(unaware, *train, "--workers", "0", "--folder", "whole")  # never interrupted within its first step
    one, other = (keras.models.load_model(f"{folder}/contrast-paper-0/unaware.keras") for folder in ("runs", "whole"))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)

    asked, original = [], measure.keep_cell

    def stopped(*arguments):
        asked.append(arguments)
        if len(asked) == 4:
            raise KeyboardInterrupt
        original(*arguments)

    given = ("--scale", "paper", "--dataset", "raise8k", "--data-dir", raise8k, "--weights", "runs/contrast-paper-0")
    with monkeypatch.context() as patch:
        patch.setattr(measure, "keep_cell", stopped)
        assert command("reproduce", "contrast", "table-1", *given)[0] == 130
    for table in ("table-1", "table-2"):
        done("reproduce", "contrast", table, *given)
    one, two = (papers_numbers(f"contrast_table_{n}") for n in (1, 2))
    assert len(one) == 10 * 8 and set(one["status"]) == set(two["status"]) == {"measured"}
    assert set(one["comparable"]) == {"yes"} and one["difference"].notna().all()
    assert set(two["comparable"]) == {"no"}  # Photoshop's tools are emulated
    assert (one["n_sources"] == CUT.raise8k[2]).all()
