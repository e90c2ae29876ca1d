"""Train a stage once and store packed weights and a log; a training resumes after its last saved epoch."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.datasets import keyed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.datasets.labelled import Labelled
from zoo.datasets.ranked_pairs import RankedPairs
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings
from zoo.experiments.run.environment import commit, device
from zoo.experiments.train import install_weights
from zoo.experiments.train.fitting import KeyedDropout, fed, standardise
from zoo.families import network_of
from zoo.hyperimage import Recipe, TwoStage
from zoo.hyperimage.family import FAMILY
from zoo.images import atomic
from zoo.resolve_weights import resolve_weights
from zoo.saved_training import SavedTraining, remove_saved, saved_log

KEPT = Path("runs") / "splits"
"""Where tables keep what they train, in a folder for each data set, seed and commit."""
EXACT = 32
"""Bits of a kept weight: what is measured is what was trained, whether it was kept or not."""
Batches = Labelled | RankedPairs
"""What stages are trained on."""


def train_stage(
    folder: Path,
    name: str,
    model: keras.Model,
    fit: Callable[[Path], keras.callbacks.History],
    bits: Mapping[str, int] | int = 8,
) -> None:
    """Give ``model`` the weights of ``folder/<name>.npz``, training it by ``fit`` and packing it first if need be.

    ``fit`` takes where it saves its epochs, see ``Recipe.fit``; a training that was stopped goes on from there.

    The model holds the packed weights afterwards either way: what is trained on top of it then sees exactly what the
    stored weights give.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    if not path.is_file():
        began = time.perf_counter()
        before = sum(entry["seconds"] for entry in saved_log(folder / name, SavedTraining.suffix))
        history = fit(folder / name)
        seconds = before + time.perf_counter() - began
        log = {key: [float(v) for v in values] for key, values in history.history.items()}
        with atomic(path.with_suffix(".json")) as partial:
            partial.write_text(
                json.dumps({"seconds": seconds, "commit": commit(), "device": device(), "bits": bits, "log": log})
            )
        zoo.weights.pack(model, path, bits)
        remove_saved(folder / name)
    zoo.weights.load_into(model, path)


def fit_first(
    network: TwoStage,
    batches: Batches,
    validation: KeyedBatches,
    recipe: Recipe,
    trained: keras.Model | None = None,
    saved: Path | None = None,
) -> keras.callbacks.History:
    """Train the first stage of ``network``, or ``trained`` in its place, on batches that come as ``tf.data``.

    ``saved`` as for ``Recipe.fit``.
    """
    with _fed(batches, recipe, saved) as data, fed(validation, 0, 1) as held_out:
        follow, steps = _follow(batches, saved), len(batches)
        return network.fit_first(data, None, held_out, recipe, follow, network=trained, steps=steps, saved=saved)


def fit(
    model: keras.Model,
    batches: Batches,
    validation: KeyedBatches,
    recipe: Recipe,
    class_weight: dict[int, float] | None = None,
    saved: Path | None = None,
) -> keras.callbacks.History:
    """Train ``model``, a second stage or one network alone, on batches that come as ``tf.data``.

    ``class_weight`` as for Keras ``fit``, ``saved`` as for ``Recipe.fit``.
    """
    with _fed(batches, recipe, saved) as data, fed(validation, 0, 1) as held_out:
        follow, steps = _follow(batches, saved), len(batches)
        return recipe.fit(model, data, None, held_out, follow, class_weight=class_weight, steps=steps, saved=saved)


def _fed(batches: Batches, recipe: Recipe, saved: Path | None) -> contextlib.AbstractContextManager:
    """Batches of the epochs that are left."""
    done = len(saved_log(saved, SavedTraining.suffix)) if saved else 0
    return fed(batches, min(done, recipe.epochs), recipe.epochs)


def _follow(batches: Batches, saved: Path | None) -> list[keras.callbacks.Callback]:
    """Callbacks that make an epoch depend on its number alone, the draws of dropout too where epochs are saved."""
    return [batches.follow(), *([KeyedDropout(batches.seed)] if saved else [])]


def budget(pictures: int, images: int, seed: int) -> list[tuple[int, int]]:
    """Return which of ``pictures`` photographs to use for ``images`` training examples, and how many for each."""
    chosen = keyed.permutation(pictures, seed, 0)[:images].tolist()
    each, more = divmod(images, len(chosen))
    return [(picture, each + (place < more)) for place, picture in enumerate(chosen)]


def scale_to_data(model: keras.Model, x: np.ndarray, mean: float = 0.0) -> None:
    """Scale a new network so that every hidden layer's pre-activations have mean 0 and variance 1 on ``x``.

    See ``standardise``. From Glorot's draw alone, which the paper presumably used, a signal loses half its variance in
    every layer with a ReLU; with the paper's rate the deep ones then take more epochs to leave a constant output than a
    laptop has. ``mean`` is where the output starts.
    """
    for layer in model.layers:
        if not isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            continue
        if layer.name == "output":
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel / 10, np.full_like(bias, mean)])
        else:
            standardise(layer, keras.Model(model.input, layer.input)(np.asarray(x, np.float32)))


def find(folder: Path | None, name: str) -> str:
    """Weights ``name`` for a constructor: in ``folder`` of `zoo pretrain` where one is given, else the stored ones.

    Raises:
        ValueError: When the folder does not hold them.
        DataUnavailable: When there are no stored weights of that name.
    """
    if folder is not None:
        return resolve_weights(folder, name)[0]
    if name not in zoo.weights.names():
        raise DataUnavailable(f"stored weights {name}")
    return name


def or_not_run(cell: Cell, settings: Settings) -> Cell:
    """``cell``, or ``not-run`` with the reason where the stored weights that it names are not here."""
    if settings.weights is not None or cell.weights in ("", "trained", *zoo.weights.names()):
        return cell
    network = network_of(cell.weights)
    assert network is not None  # every name of the family's trainings has a network
    why = f"the weights {cell.weights} are not stored here; `{network.command}` trains them"
    return dataclasses.replace(cell, measure=None, status="not-run", why=why, weights="", needs=cell.weights)


def install(
    folder: Path,
    command: str,
    data: dict[str, str],
    local: str | None = None,
    arguments: Mapping[str, dict] | None = None,
    stored_at: Sequence[tuple[str, str]] = (),
) -> None:
    """Copy the packed stages of ``folder`` named in ``data`` (name -> what it saw), see ``install_weights.install``.

    What the package does not hold, controls and baselines, goes to the local store under its own name, by which tables
    find it, if it was trained as the stored weights were: ``stored_at`` has their scales and data sets, see
    ``Training.stored``.
    ``arguments`` are those of the constructors, by name, where they are not the stored networks'.
    """
    as_stored = [install_weights.training_tag(*at) for at in stored_at]
    for name, seen in data.items():
        (log,) = saved_log(folder / name)
        given = (arguments or {}).get(name)
        place = None if name not in FAMILY.stored and local in as_stored else local
        bits = install_weights.in_words(log["bits"])
        install_weights.install("hyperimage", folder / f"{name}.npz", [log], bits, command, seen, place, given)
