"""What stands in the README and in the cards is true: Python runs, given what it leaves out; commands are accepted."""

import re
import shlex
from pathlib import Path

import keras
import numpy as np
import pytest

from zoo.adversarial import SmallOverFeat
from zoo.experiments.cli import main as cli
from zoo.experiments.run import tables
from zoo.images import write_png

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "zoo").rglob("README.md")), *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(zoo [a-z].*?)(?: {2,}#.*)?$", re.MULTILINE)
SMALLER = (
    (r"steps=100\b", "steps=1"),
    (r"steps_per_epoch=100\b", "steps_per_epoch=1"),
    (r"epochs=\d+", "epochs=1"),
    (r"batch_size=8\b", "batch_size=1"),
    (r"k=1000\b", "k=5"),
    (r"512, 512", "64, 64"),
    (r"HidingPairs\(", "HidingPairs(size=32, "),
)
"""An hour's example in seconds; nothing else of it is changed."""


def _uint8(*shape):
    return np.random.default_rng(len(shape) + shape[0]).integers(0, 256, shape, np.uint8)


def _floats(*shape):
    return _uint8(*shape).astype(np.float32) / 255


def _classifier():
    """What an example calls ``model``, with pictures of its training set."""
    return {
        "model": SmallOverFeat(),
        "images": _uint8(120, 16, 16, 3),
        "labels": np.arange(120) % 10,
        "other_images": _uint8(20, 16, 16, 3),
        "new_images": _uint8(3, 16, 16, 3),
    }


def _card_of_adversarial():
    inception = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(8, 3, name="mixed_6d")])
    for layer in (keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, "softmax")):
        inception.add(layer)
    given = _classifier()
    return given | {
        "model": inception,
        "training_set": (given["images"], given["labels"]),
        "is_right": np.ones(120, int),
    }


def _quality():
    patches, images = _floats(4, 32, 32, 3) * 255, list(_floats(2, 96, 128, 3) * 255)
    return {
        "patches": patches,
        "patch_scores": np.float32([[9], [3], [4], [5]]),
        "held_out_patches": patches,
        "held_out_scores": np.float32([[9], [3], [4], [5]]),
        "images": images,
        "scores": np.float32([9, 4]),
        "held_out_images": images,
        "their_scores": np.float32([9, 4]),
    }


def _shots():
    from zoo.datasets.camera import CAMERAS, Body, as_raw, expose
    from zoo.datasets.embedded import generate_linear_scene
    from zoo.imaging.developing.pipeline import develop

    rng, body = np.random.default_rng(7), Body(CAMERAS["birch"], serial=1)
    shots = [develop(as_raw(expose(generate_linear_scene(rng, 192, 192), body, rng), body)) for _ in range(8)]
    shots = [np.rint(shot * 255).astype(np.uint8) for shot in shots]
    return {"photographs": shots[:5], "other_photographs": shots[5:7], "picture": shots[7]}


def _jpeg():
    return {"images": _floats(2, 32, 32, 3), "tables": np.full((8, 8), 9.0, np.float32)}


def _dataset():
    import tensorflow as tf

    return {"dataset": tf.data.Dataset.from_tensor_slices(_uint8(2, 1, 32, 32, 3))}


LEFT_OUT = {
    "README.md": (lambda: {"pictures": _uint8(2, 70, 80, 3)},),
    "zoo/adversarial/README.md": (_card_of_adversarial,),
    "zoo/hyperimage/README.md": (_quality,),
    "zoo/imaging/joint/README.md": (
        lambda: {"planes": _floats(1, 128, 128, 4), "pictures": _floats(1, 256, 256, 3)},
        dict,
        dict,
    ),
    "zoo/imaging/prnu/README.md": (_shots,),
    "zoo/layers/README.md": (_jpeg, _dataset, lambda: {"inputs": keras.Input((16, 16, 3))}),
    "zoo/steganography/README.md": (dict,),
}
"""What the examples of a page leave out, in their order."""


def _examples():
    for page, makers in LEFT_OUT.items():
        blocks = BLOCK.findall((ROOT / page).read_text())
        for number in range(max(len(blocks), len(makers))):
            yield pytest.param(blocks[number : number + 1], makers[number : number + 1], id=f"{page} {number}")


@pytest.mark.parametrize(("block", "left_out"), list(_examples()))
def test_example_runs(block, left_out, tmp_path, monkeypatch):
    assert len(block) == len(left_out) == 1, "LEFT_OUT must have an entry for each example"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORENSICS_ZOO_HOME", str(tmp_path / "home"))
    write_png(Path("photo.png"), _uint8(70, 90, 3))
    code = block[0].replace(", ...]", "]")
    for pattern, smaller in SMALLER:
        code = re.sub(pattern, smaller, code)
    exec(compile(code, "example", "exec"), {"__name__": "__main__"} | left_out[0]())


def test_no_page_with_examples_is_left_out():
    pages = {str(page.relative_to(ROOT)) for page in PAGES if BLOCK.search(page.read_text())}
    assert {page for page in pages if not page.startswith("docs/")} == set(LEFT_OUT)


def _commands():
    """Every command of every page; an option in brackets is taken for given."""
    for page in PAGES:
        for line in COMMAND.findall(page.read_text()):
            if " median" not in line:  # of the example package, which tests/test_extensions.py installs
                yield pytest.param(re.sub(r"[\[\]]", "", line), id=f"{page.relative_to(ROOT)}: {line}")


@pytest.mark.parametrize("line", list(_commands()))
def test_command_is_accepted(line):
    options = cli._parser().parse_args(shlex.split(line)[1:])
    assert callable(options.run)
    if options.command == "reproduce" and options.table:
        assert tables.find(options.paper, options.table)
