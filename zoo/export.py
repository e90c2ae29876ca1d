"""Export models as SavedModels that can be loaded, served and differentiated without the zoo.

The only part of ``zoo`` that is TensorFlow's.
"""

import dataclasses
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from zoo import models
from zoo.folders import replacing
from zoo.products import ABOUT, parts_of, product_of
from zoo.resolve_weights import resolve_weights
from zoo.serving import Serving, Signature
from zoo.store import sha256
from zoo.version import __version__
from zoo.weights import all_names, provenance

FLOATS = ("float16", "float32", "float64")


def serving(name: str, weights: str | Path | None = None, cfa: str | None = None) -> Serving:
    """Return the product ``name``, with its stored weights or others.

    Args:
        name: ``network.training`` as in ``zoo.load``, or ``hyperimage-quality.*`` and ``hyperimage-forgery.*``,
            which are two networks each.
        weights: Others than the stored ones, see ``zoo.resolve_weights.resolve_weights``.
        cfa: For networks that develop: the phase of the mosaics that will be served, by default the networks' own.

    Raises:
        ValueError: For a name that is no product, or weights that are not here.
    """
    if cfa is not None and not product_of(name).phased:
        raise ValueError(f"Only networks that develop a mosaic have a phase. Received: {cfa!r} for {name}")
    product, parts = product_of(name), parts_of(name)
    own = resolve_weights(weights, *parts)
    networks = [models.load(part, None if file == part else file) for part, file in zip(parts, own, strict=True)]
    module, _, function = product.serving.partition(":")
    make: Callable[..., Serving] = getattr(importlib.import_module(module), function)
    made = make(*networks, **({} if cfa is None else {"cfa": cfa}))
    return dataclasses.replace(made, name=name if weights is None else name.rpartition(".")[0], weights=own)


def export(product: Serving, folder: str | Path) -> Path:
    """Write a SavedModel to ``folder``, whole or not at all; returns the folder.

    Endpoints: ``serve`` (also ``serving_default``) takes a batch of what users have, ``serve_one`` the same without the
    batch axis, ``differentiable`` float32 and lets gradients through. Each gives a dict of tensors. One input is handed
    over as it is, several as a dict. Every network and layer is part of it: a process that cannot import ``zoo`` loads
    it. ``serve`` and ``serve_one`` refuse floats where they take uint8: pictures in [0, 1] would become black. An
    export that is there already is replaced.

    Args:
        product: What ``serving`` or a family's ``serving.py`` gives.
        folder: A new or empty folder, or one that holds an export.

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
        endpoints = {
            "serve": _add(archive, "serve", product.serve, single=False),
            "serve_one": _add(archive, "serve_one", product.serve, single=True),
            "differentiable": _add(archive, "differentiable", product.differentiable, single=False),
        }
        archive.write_out(str(partial), verbose=False)
        write_about(partial, about(product, endpoints))
    return folder


def write_about(folder: Path, what: dict[str, Any]) -> None:
    """Write ``forensics_zoo.json``: ``what``, and the checksums of the other files in ``folder``."""
    files = {path.relative_to(folder).as_posix(): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    (folder / ABOUT).write_text(json.dumps(what | {"files": files}, indent=1) + "\n")


def _add(archive: keras.export.ExportArchive, endpoint: str, signature: Signature, single: bool) -> dict[str, Any]:
    """Add an endpoint; returns shapes and dtypes of what it takes and gives."""
    import tensorflow as tf

    specs = {
        name: tf.TensorSpec(shape if single else (None, *shape), dtype, name=name)
        for name, (shape, dtype) in signature.inputs.items()
    }

    def run(given: dict[str, Any]) -> dict[str, Any]:
        floats = [name for name, value in given.items() if value.dtype.is_floating and specs[name].dtype == tf.uint8]
        if floats:
            return _refuse(f"{endpoint} takes {floats[0]} as uint8. Received: {given[floats[0]].dtype.name}")
        if not single:
            # Some of TensorFlow's convolutions give a wrong shape for an empty batch: one picture of zeros stands in.
            count = tf.shape(next(iter(given.values())))[0]
            filled = {name: _at_least_one(value) for name, value in given.items()}
            return {name: value[:count] for name, value in signature.call(**filled).items()}
        found = signature.call(**{name: tf.expand_dims(value, 0) for name, value in given.items()})
        return {name: tf.squeeze(value, 0) for name, value in found.items()}

    several = len(specs) > 1
    call = run if several else lambda value: run({next(iter(specs)): value})
    given = specs if several else next(iter(specs.values()))
    if any(spec.dtype == tf.uint8 for spec in specs.values()):
        function = tf.function(call, autograph=False)
        outputs = function.get_concrete_function(given).structured_outputs  # the first is what the signature has
        for dtype in FLOATS:
            floats = {name: tf.TensorSpec(spec.shape, dtype, name=name) for name, spec in specs.items()}
            function.get_concrete_function(floats if several else next(iter(floats.values())))
        archive.add_endpoint(endpoint, function)
    else:
        outputs = archive.add_endpoint(endpoint, call, [given]).get_concrete_function(given).structured_outputs
    return {
        "inputs": {name: described(spec) for name, spec in specs.items()},
        "outputs": {name: described(value) for name, value in sorted(outputs.items())},
    }


def _refuse(message: str) -> dict[str, Any]:
    """Raise InvalidArgumentError when the graph runs."""
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.Assert(False, [message])]):
        return {"error": tf.identity(message)}


def _at_least_one(batch: Any) -> Any:
    import tensorflow as tf

    missing = tf.maximum(1 - tf.shape(batch)[0], 0)
    return tf.ensure_shape(tf.pad(batch, [[0, missing]] + [[0, 0]] * (batch.shape.rank - 1)), batch.shape)


def described(tensor: Any) -> dict[str, Any]:
    """Return the shape and dtype of a tensor, or of its spec, for ``forensics_zoo.json``."""
    rank = tensor.shape.rank
    return {"shape": None if rank is None else tensor.shape.as_list(), "dtype": tensor.dtype.name}


def about(product: Serving, endpoints: dict[str, Any]) -> dict[str, Any]:
    """Return the content of ``forensics_zoo.json`` for a product, without the files."""
    return {
        "name": product.name,
        "made_by": f"forensics-zoo {__version__}",
        "endpoints": endpoints,
        "call": "one input as it is, several as one dict; a dict comes back",
        "meaning": dict(product.meaning),
        "weights": [_origin(weights) for weights in product.weights],
    }


def _origin(weights: str) -> dict[str, Any]:
    if weights not in all_names():
        return {"file": Path(weights).name, "sha256": sha256(Path(weights))}
    entry = dataclasses.asdict(provenance(weights))
    return {key: value for key, value in entry.items() if key not in ("folder", "metrics")}
