"""Write models as SavedModels that need nothing of the zoo to be loaded, served, trained through.

The only part of ``zoo`` that is TensorFlow's.
"""

import dataclasses
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from zoo import extensions, models
from zoo.folders import replacing
from zoo.own_weights import own_weights
from zoo.products import parts_of, product_of
from zoo.serving import Serving, Signature
from zoo.version import __version__
from zoo.weights import names, provenance

ABOUT = "forensics_zoo.json"
"""Beside the SavedModel: its endpoints, what goes in and comes out, and where the weights come from."""


def serving(name: str, weights: str | Path | None = None, cfa: str | None = None) -> Serving:
    """What ``name`` is as a product, with its stored weights or others.

    Args:
        name: ``architecture.training`` as in ``zoo.load``, or ``hyperimage-quality.*`` and ``hyperimage-forgery.*``,
            which are two networks each.
        weights: Others than the stored ones, see ``zoo.own_weights.own_weights``.
        cfa: For networks that develop: the phase of the mosaics that will be served, by default the networks' own.

    Raises:
        ValueError: For a name that is no product, or weights that are not here.
    """
    foreign = name in extensions.names("servings")
    if cfa is not None and (foreign or not product_of(name).phased):
        raise ValueError(f"Only networks that develop a mosaic have a phase. Received: {cfa!r} for {name}")
    if foreign:
        return extensions.load("servings", name)(models.load(name, weights))
    product, parts = product_of(name), parts_of(name)
    own = [None] * len(parts) if weights is None else own_weights(weights, *parts)
    networks = [models.load(part, file) for part, file in zip(parts, own, strict=True)]
    module, _, function = product.serving.partition(":")
    make: Callable[..., Serving] = getattr(importlib.import_module(module), function)
    return make(*networks, **({} if cfa is None else {"cfa": cfa}))


def export(product: Serving, folder: str | Path, name: str = "") -> Path:
    """Write a SavedModel to ``folder``, whole or not at all; returns the folder.

    Endpoints: ``serve`` (also ``serving_default``) takes a batch of what users have, ``serve_one`` the same without the
    batch axis, ``differentiable`` float32 and lets gradients through. Each gives a dict of tensors. One input is handed
    over as it is, several as a dict. Every network and layer is part of it: a process that cannot import ``zoo`` loads
    it. An export that is there already is replaced.

    Args:
        product: What ``serving`` or a family's ``serving.py`` gives.
        folder: A new or empty folder, or one that holds an export.
        name: Of what ``serving`` took, to write down where its weights come from.

    Raises:
        ValueError: For a folder that holds something else, or another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"A SavedModel needs KERAS_BACKEND=tensorflow. Received: {keras.backend.backend()}")
    folder = Path(folder)
    with replacing(folder, ABOUT, "export") as partial:
        archive = keras.export.ExportArchive()
        for layer in product.layers:
            archive.track(layer)
        _add(archive, "serve", product.serve, single=False)
        _add(archive, "serve_one", product.serve, single=True)
        _add(archive, "differentiable", product.differentiable, single=False)
        archive.write_out(str(partial), verbose=False)
        (partial / ABOUT).write_text(json.dumps(_about(product, name), indent=1) + "\n")
    return folder


def _add(archive: keras.export.ExportArchive, endpoint: str, signature: Signature, single: bool) -> None:
    import tensorflow as tf

    specs = {
        name: tf.TensorSpec(shape if single else (None, *shape), dtype, name=name)
        for name, (shape, dtype) in signature.inputs.items()
    }

    def run(given: dict[str, Any]) -> dict[str, Any]:
        if not single:
            return dict(signature.call(**given))
        found = signature.call(**{name: tf.expand_dims(value, 0) for name, value in given.items()})
        return {name: tf.squeeze(value, 0) for name, value in found.items()}

    if len(specs) > 1:
        archive.add_endpoint(endpoint, run, [specs])
        return
    ((only, spec),) = specs.items()
    archive.add_endpoint(endpoint, lambda value: run({only: value}), [spec])


def _about(product: Serving, name: str) -> dict[str, Any]:
    def inputs(signature: Signature, batch: list) -> dict[str, Any]:
        return {key: {"shape": [*batch, *shape], "dtype": dtype} for key, (shape, dtype) in signature.inputs.items()}

    origins = [dataclasses.asdict(provenance(part)) for part in (parts_of(name) if name else []) if part in names()]
    for origin in origins:
        origin.pop("folder"), origin.pop("metrics")
    return {
        "name": name,
        "made_by": f"forensics-zoo {__version__}",
        "endpoints": {
            "serve": inputs(product.serve, [None]),
            "serve_one": inputs(product.serve, []),
            "differentiable": inputs(product.differentiable, [None]),
        },
        "call": "one input as it is, several as one dict; a dict comes back",
        "meaning": dict(product.meaning),
        "weights": origins,
    }
