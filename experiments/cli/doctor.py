"""``zoo doctor``: check the installation, the data and the weights on this machine."""

import argparse
import dataclasses
import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

import zoo
from zoo import extensions
from zoo.datasets.catalogue import DATA_SETS, DataSet
from zoo.experiments.families import experiments

State = Literal["ok", "absent", "broken"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line: ``broken`` is what cannot work, ``absent`` what is optional."""

    part: str
    name: str
    state: State
    detail: str


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("doctor", help="check versions, backend, devices, data and weights on this machine")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    broken, part = 0, ""
    for finding in examine():
        if finding.part != part:
            part = finding.part
            print(f"{part}:")
        print(f"  {finding.state:7} {finding.name:44} {finding.detail}".rstrip(), flush=True)
        broken += finding.state == "broken"
    print(f"{broken} broken" if broken else "nothing is broken")
    return 1 if broken else 0


def examine() -> Iterator[Finding]:
    """Everything in order: versions, Keras's backend, devices, data, weights, what other packages add."""
    yield from versions()
    yield from backend()
    yield from devices()
    yield from data()
    yield from weights()
    yield from packages()


def versions() -> Iterator[Finding]:
    """Python, this package, and every package that it requires, held against the range that it requires."""
    from packaging.requirements import Requirement

    python = platform.python_version()
    yield Finding("versions", "Python", "ok" if sys.version_info >= (3, 11) else "broken", f"{python} (3.11 or newer)")
    try:
        own = metadata.version("forensics-zoo")
    except metadata.PackageNotFoundError:
        yield Finding("versions", "forensics-zoo", "broken", "is not installed: make setup, or pip install .")
        return
    from zoo.experiments.run.environment import commit

    yield Finding("versions", "forensics-zoo", "ok", f"{own}, {commit()}")
    for line in metadata.requires("forensics-zoo") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        wanted = str(requirement.specifier) or "any version"
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding("versions", requirement.name, "broken", f"is not installed ({wanted} is needed)")
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        yield Finding("versions", requirement.name, "ok" if fits else "broken", f"{found} ({wanted})")


def backend() -> Iterator[Finding]:
    """Keras's backend, tried on a convolution, and which others are installed."""
    try:
        import keras
        import numpy as np

        layer = keras.layers.Conv2D(1, 3, kernel_initializer="ones")
        value = float(np.asarray(keras.ops.convert_to_numpy(layer(np.ones((1, 3, 3, 1), "float32")))).squeeze())
        state: State = "ok" if value == 9 else "broken"
        detail = "a convolution is right" if value == 9 else f"a convolution of nines: {value}"
        name = f"Keras on {keras.backend.backend()}"
    except Exception as error:  # a backend that fails to load may raise any type
        state, detail, name = "broken", " ".join(str(error).split())[:160], os.environ.get("KERAS_BACKEND", "Keras")
    yield Finding("backend", name, state, detail)
    for other in ("tensorflow", "jax", "torch"):
        try:
            yield Finding("backend", other, "ok", f"{metadata.version(other)} is installed")
        except metadata.PackageNotFoundError:
            yield Finding("backend", other, "absent", "another backend, for those who want it")


def devices() -> Iterator[Finding]:
    """Processors and GPUs that TensorFlow sees."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("devices", "CPU", "ok", f"{cores} cores, {platform.machine()}")
    try:
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            yield Finding("devices", gpu.name, "ok", str(tf.config.experimental.get_device_details(gpu)))
        if not gpus:
            yield Finding("devices", "GPU", "absent", "the `paper` scale wants one")
    except Exception as error:
        yield Finding("devices", "TensorFlow", "broken", " ".join(str(error).split())[:160])


def data() -> Iterator[Finding]:
    """Yield every data set: whether it is prepared here, how to get it, and which tables use it."""
    from zoo.datasets.embedded.photographs import SCENES, photograph

    missing = []
    for name in SCENES:
        try:
            photograph(name)
        except Exception as error:  # scikit-image passes on what its reader raises
            missing.append(f"{name}: {' '.join(str(error).split())[:80]}")
    detail = "; ".join(missing) or f"{len(SCENES)} photographs, from scikit-image and scikit-learn"
    yield Finding("data", "embedded", "broken" if missing else "ok", detail)
    root = Path(os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets").expanduser()
    yield Finding(
        "data", "TensorFlow Datasets", "ok" if root.is_dir() else "absent", f"{root} (TFDS_DATA_DIR moves it)"
    )
    for one in DATA_SETS:
        found = sorted(str(p.parent.relative_to(root)) for p in (root / one.name).glob("**/dataset_info.json"))
        where = f"prepared in {', '.join(found)}" if found else _source(one)
        if one.name == "open_photographs" and (here := _open_photographs()):
            found, where = [here], here
        users = ", ".join(page.name for page in experiments() if one.name in page.data_sets)
        use = f"for tables of {users}" if users else "no table uses it"
        yield Finding("data", one.name, "ok" if found else "absent", f"{where}; {use}")
    for name in extensions.names("datasets"):
        yield Finding("data", name, "ok", "added by another package")


def _open_photographs() -> str:
    """Return how many open photographs are in the default folder; empty for none."""
    from zoo.datasets.open_photographs.listing import ROWS, default_folder, path_of

    folder = default_folder()
    here = sum(path_of(row, folder) is not None for row in ROWS) if folder.is_dir() else 0
    return f"{here} of {len(ROWS)} photographs in {folder}" if here else ""


def _source(one: DataSet) -> str:
    if one.command:
        return f"`{one.command}` gets it: --dataset {one.name}"
    if one.downloaded:
        return f"downloaded by TensorFlow Datasets: --dataset {one.name}"
    folder = Path(zoo.__file__).parent / "datasets"
    readme = folder / one.name / "README.md"
    how = f"see {readme.relative_to(folder.parent)}" if readme.is_file() else "then prepared by TensorFlow Datasets"
    used = any(one.name in page.data_sets for page in experiments())
    return f"by hand, {how}" + (f": --dataset {one.name} --data-dir FOLDER" if used else "")


def weights() -> Iterator[Finding]:
    """Yield every set of stored weights, in the package and the local store, by its checksum."""
    from zoo import store
    from zoo.weights import names, packaged, stored_provenance, verify

    home = store.home()
    try:
        found = names()
    except ValueError as error:
        yield Finding("weights", "index", "broken", str(error))
        return
    for name in found:
        try:
            entry = stored_provenance(name)
            verify(entry)
            package = "the package" if name in packaged() else "another package"
            where = "the local store" if entry.folder == home else package
            yield Finding("weights", name, "ok", f"sha256 is right, in {where}: {entry.data}")
        except ValueError as error:
            yield Finding("weights", name, "broken", str(error))
    yield Finding("weights", "local store", "ok" if home.is_dir() else "absent", f"{home} ({store.VARIABLE} moves it)")


def packages() -> Iterator[Finding]:
    """Yield what other packages add, and whether it can be imported."""
    for kind in extensions.KINDS:
        for name in extensions.names(kind):
            try:
                extensions.load(kind, name)
                yield Finding("other packages", name, "ok", kind)
            except (ImportError, ValueError) as error:
                yield Finding("other packages", name, "broken", " ".join(str(error).split()))
