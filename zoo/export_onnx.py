"""Write a product as an ONNX file, which onnxruntime runs without TensorFlow."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from zoo.products import ABOUT
from zoo.serving import Serving

FILE = "model.onnx"
OPSET = 18
PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
"""The extra ``onnx`` of this package."""
SIZES = ((2, 70, 100), (1, 150, 130))
"""Pictures, and their height and width, on which a file is compared with TensorFlow."""
TOLERANCE = 1e-4
"""Largest difference of an output of floats, as a part of its largest magnitude, if that is above 1."""


def check_installed() -> None:
    """Refuse where a package is missing.

    Raises:
        ImportError: The message says what installs them.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"An ONNX file needs {', '.join(PACKAGES)}: pip install 'forensics-zoo[onnx]'. "
            f"Received: no {', '.join(missing)}"
        )


def export_onnx(product: Serving, folder: str | Path) -> dict[str, float]:
    """Write ``model.onnx`` and ``forensics_zoo.json`` to ``folder``, both or none.

    The file is the endpoint ``serve`` of ``zoo.export.export``: the same inputs and outputs by name, for batches of any
    size. Before it is kept, onnxruntime's outputs for random pictures of two sizes are compared with TensorFlow's.

    Args:
        product: What ``zoo.export.serving`` gives.
        folder: As for ``zoo.export.export``.

    Returns:
        The largest difference of each output: at most 1e-4 of its largest magnitude, one grey level of pictures.

    Raises:
        ImportError: Where onnx, onnxruntime or tf2onnx is missing.
        ValueError: For a product that cannot be converted or gives other numbers; for another backend than TensorFlow;
            for a folder that holds something else.
    """
    check_installed()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"An ONNX file needs KERAS_BACKEND=tensorflow. Received: {keras.backend.backend()}")
    import tensorflow as tf
    import tf2onnx

    from zoo.export import about, described, write_about
    from zoo.folders import replacing

    specs = {
        name: tf.TensorSpec((None, *shape), dtype, name=name) for name, (shape, dtype) in product.serve.inputs.items()
    }
    function = tf.function(lambda *given: product.serve.call(**dict(zip(specs, given, strict=True))), autograph=False)
    with replacing(Path(folder), ABOUT, "export") as partial:
        try:
            tf2onnx.convert.from_function(
                function, input_signature=list(specs.values()), opset=OPSET, output_path=str(partial / FILE)
            )
        except Exception as error:  # tf2onnx has no error of its own
            raise ValueError(f"tf2onnx must convert {product.name}. Received: {error}") from error
        differences = _differences(product, function, partial / FILE)
        outputs = function.get_concrete_function(*specs.values()).structured_outputs
        endpoint = {
            "inputs": {name: described(spec) for name, spec in specs.items()},
            "outputs": {name: described(value) for name, value in sorted(outputs.items())},
        }
        call = "onnxruntime: run(None, {input: array}) gives the outputs in the order of get_outputs()"
        what = about(product, {"serve": endpoint}) | {"call": call, "opset": OPSET, "differences": differences}
        write_about(partial, what)
    return differences


def _differences(product: Serving, function: Any, path: Path) -> dict[str, float]:
    """Compare an ONNX file with TensorFlow; returns the largest difference of each output.

    Raises:
        ValueError: For a file that does not run, or gives other numbers.
    """
    import onnxruntime
    import tensorflow as tf

    largest: dict[str, float] = {}
    rng = np.random.default_rng(0)
    for count, height, width in SIZES:
        given = {}
        for name, (shape, dtype) in product.serve.inputs.items():
            sides = iter((height, width))
            whole = (count, *(next(sides) if side is None else side for side in shape))
            values = rng.integers(0, 256, whole)
            given[name] = values.astype(dtype) if np.issubdtype(dtype, np.integer) else (values / 255).astype(dtype)
        expected = function(*(tf.constant(value) for value in given.values()))
        try:
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            found = dict(zip(expected, session.run(list(expected), given), strict=True))
        except Exception as error:  # of one of onnxruntime's many classes
            raise ValueError(f"onnxruntime must run {product.name} as ONNX. Received: {error}") from error
        for name, tensor in expected.items():
            want, got = tensor.numpy().astype(np.float64), found[name].astype(np.float64)
            allowed = 1.0 if tensor.dtype.is_integer else TOLERANCE * max(1.0, float(np.abs(want).max()))
            difference = float(np.abs(got - want).max()) if got.shape == want.shape else np.inf
            if not difference <= allowed:
                raise ValueError(
                    f"{product.name} as ONNX must give {name} as TensorFlow does, within {allowed:.2g}. "
                    f"Received: a difference of {difference:.2g}"
                )
            largest[name] = max(largest.get(name, 0.0), difference)
    return largest
