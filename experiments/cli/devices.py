"""``--device``: where a command computes; ``--devices all``: a training on all GPUs of this machine."""

import argparse
import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator

DEVICE_HELP = "device for networks: cpu, gpu:0, gpu:1, ... (default: the first GPU, or the CPU if there is none)"


def add_device(parser: "argparse._ActionsContainer") -> None:
    """Add ``--device``."""
    parser.add_argument("--device", type=device_name, metavar="cpu|gpu:N", help=DEVICE_HELP)


def device_name(text: str) -> str:
    """An argparse type: ``cpu``, or ``gpu:`` with a number."""
    if not re.fullmatch(r"cpu|gpu:\d{1,3}", text):
        raise argparse.ArgumentTypeError(f"must be cpu, or a GPU as in gpu:0. Received: {text!r}")
    return text


@contextlib.contextmanager
def on_device(name: str | None) -> Iterator[None]:
    """Compute on ``name`` of ``device_name``; None for the backend's own choice.

    Every other GPU is hidden from the backend by its environment variables. They have no effect in a process that has
    computed already.

    Raises:
        ValueError: For a GPU that the backend does not find.
    """
    if name is None:
        yield
        return
    before = {variable: os.environ.get(variable) for variable in ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS")}
    try:
        if name == "cpu":
            os.environ |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
        else:
            _show_one_gpu(name)
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


def _show_one_gpu(name: str) -> None:
    """Hide all GPUs but ``name``, counted among those that ``CUDA_VISIBLE_DEVICES`` shows."""
    number = int(name.partition(":")[2])
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = None if shown is None else [one for one in shown.split(",") if one.strip()]
    if names is None or number < len(names):
        os.environ["CUDA_VISIBLE_DEVICES"] = str(number) if names is None else names[number]
        if _a_gpu_is_there():
            return
    import keras

    also = "" if shown is None else f" with CUDA_VISIBLE_DEVICES={shown!r}"
    raise ValueError(
        f"--device must be cpu or a GPU that {keras.backend.backend()} finds{also}; `zoo doctor` lists them. "
        f"Received: {name}"
    )


def _a_gpu_is_there() -> bool:
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return torch.cuda.is_available()
    if backend == "jax":
        import jax

        with contextlib.suppress(RuntimeError):  # if there is no GPU
            return bool(jax.devices("gpu"))
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def check_one_worker() -> None:
    """Refuse a training as one of several TensorFlow workers.

    Keras 3's ``fit`` fails under ``MultiWorkerMirroredStrategy``, and without it each worker would train on its own.

    Raises:
        ValueError: Where ``TF_CONFIG`` names other workers.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        cluster = (json.loads(text) if text else {}).get("cluster", {})
        others = sum(len(addresses) for job, addresses in cluster.items() if job in ("chief", "worker"))
    except (ValueError, AttributeError, TypeError):
        raise ValueError(f"TF_CONFIG must be as TensorFlow describes it. Received: {text}") from None
    if others > 1:
        raise ValueError(
            "Training needs a single process, because Keras 3 fails with several TensorFlow workers; --devices all "
            f"uses all GPUs of one machine. Received: TF_CONFIG with {others} workers"
        )


@contextlib.contextmanager
def on_all_devices() -> Iterator[None]:
    """Build and train models on all GPUs of this machine, where there is none on all (logical) CPUs.

    Every batch is divided evenly among them. With one device a line says so, and nothing changes.

    Raises:
        ValueError: On another backend than TensorFlow.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"--devices all needs KERAS_BACKEND=tensorflow. Received: {keras.backend.backend()}")
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name.removeprefix("/device:") for device in found]
    print(f"zoo: --devices all: {', '.join(names)}", file=sys.stderr)
    if len(names) == 1:
        yield
        return
    with tf.distribute.MirroredStrategy(names).scope():
        yield
