"""Stored weights: small files with a checksum and a provenance each, listed in ``weights.json``.

A file is an ``.npz`` of integer codes, 8 bits or fewer, with one float32 scale for each output channel, or of floats
where that would cost too much; vectors (biases, normalisation) stay float32. Writing is byte-reproducible, loading is
refused when a byte has changed.
"""

import csv
import dataclasses
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import extensions, store
from zoo.extensions import Origin
from zoo.papers import PAPERS

if TYPE_CHECKING:
    import keras

# Keras and NumPy are imported where they are needed: names and provenance are to be had without.
_FOLDER = Path(__file__).parent
INDEX = _FOLDER / "weights.json"
SUFFIXES = (".npz", ".h5", ".keras")
"""What files of weights end in."""
MEASURED = _FOLDER / "measured.csv"
"""What the tables have measured with stored weights; ``python -m zoo.experiments.publish.card`` writes it."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """A cell of a table that was measured with these weights; the interval is the 95 % one of ``zoo.metrics``.

    ``note`` says if other weights had a part in it, or if it was measured before these were packed.
    """

    table: str
    row: str
    column: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    dataset: str
    n_sources: int
    commit: str
    note: str = ""

    def __str__(self) -> str:
        number = f"{self.metric} {self.value:g} [{self.ci_low:g}, {self.ci_high:g}]"
        return f"{self.table}: {self.row}, {self.column}, {number}{self.note and f' ({self.note})'}"


@dataclasses.dataclass(frozen=True)
class StoredWeights:
    """Where a set of stored weights comes from; ``file`` is relative to ``folder``."""

    name: str
    file: str
    sha256: str
    bytes: int
    bits: str
    command: str
    data: str
    commit: str
    seconds: int
    device: str
    licence: str
    paper: str = ""
    """The paper whose method it is."""
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the constructor is called with, where that is not its default."""
    folder: Path = _FOLDER
    """The package, or the local store."""
    metrics: tuple[Measured, ...] = dataclasses.field(default=(), repr=False)
    """Some of what the tables have for these weights, see ``zoo/measured.csv``; empty until they were run."""

    def __str__(self) -> str:
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.repr}
        measured = ["measured:", *(f"  {cell}" for cell in self.metrics)]
        if not self.metrics:
            measured = ["No table of this package has measured these weights."]
        return "\n".join([*(f"{name}: {value}" for name, value in fields.items()), *measured])

    @property
    def family(self) -> str:
        """The family's package in ``zoo``."""
        return Path(self.file).parts[0]

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self.folder / self.file


def names() -> list[str]:
    """Names of all weights in the package and the local store, ``architecture.training``."""
    return sorted(_entries())


def provenance(name: str) -> StoredWeights | Origin:
    """Where the weights ``name`` come from. The package's go before those of the same name in the local store.

    Of a model that another package adds it is what that package says of it, else the package itself, its version and
    its licence.

    Raises:
        ValueError: For an unknown name, and the message lists those that exist; for a package that says it otherwise.
    """
    entries = _entries()
    if name not in entries:
        return _foreign(name)
    folder, entry = entries[name]
    paper = PAPERS.get(Path(entry["file"]).parts[0], "")
    metrics = _measured().get(name, ()) if folder == _FOLDER else ()
    try:
        return StoredWeights(**{"name": name, "paper": paper, "folder": folder, "metrics": metrics} | entry)
    except TypeError as error:
        raise ValueError(f"The index of {folder} does not describe {name} as this version does. {error}") from error


def _foreign(name: str) -> StoredWeights | Origin:
    if name not in extensions.names("models"):
        here = ", ".join(sorted({*names(), *extensions.names("models")})) or "none yet"
        raise ValueError(f"Models whose weights are here are {here}. Received: {name!r}")
    if name not in extensions.names("provenances"):
        return extensions.origin(name)
    entry = extensions.load("provenances", name)
    if not isinstance(entry, StoredWeights):
        package = extensions.origin(name).package
        raise ValueError(
            f"{package} must give a zoo.weights.StoredWeights as provenance of {name}. Received: {entry!r}"
        )
    return entry


def verify(entry: StoredWeights) -> Path:
    """Return the path of the weights' file if it is there, unchanged.

    Raises:
        ValueError: For a missing file, or one whose checksum is another.
    """
    if not entry.path.is_file():
        raise ValueError(f"The file of stored weights {entry.name} is missing. Received: {entry.path}")
    found = sha256(entry.path)
    if found != entry.sha256:
        raise ValueError(
            f"{entry.path} was changed or damaged and is refused: sha256 must be {entry.sha256}. Received: {found}"
        )
    return entry.path


def find(weights: str | Path) -> Path:
    """The file of stored weights by name, verified, or a file by its path.

    Raises:
        ValueError: For an unknown name, a missing file, or stored weights that were changed.
    """
    if str(weights) in _entries():
        return verify(provenance(str(weights)))
    path = Path(weights)
    if not path.is_file():
        from zoo.models import absent

        raise ValueError(f"weights must be a file or the name of stored weights. {absent(str(weights))}")
    return path


def load_into(model: "keras.Model", weights: str | Path) -> None:
    """Load stored weights by name, or a file (``.npz`` of ``pack``, ``.weights.h5``, ``.keras``), into ``model``.

    Raises:
        ValueError: For an unknown name, a missing, damaged or changed file, or shapes that differ; ``model`` is then as
            it was.
    """
    path = find(weights)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"A file of weights must end in .npz, .weights.h5 or .keras. Received: {path}")
    if path.suffix == ".npz":
        unpack(model, path)
        return
    try:
        model.load_weights(path)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"Not a weights file that fits {model.name}. Received: {path} ({error})") from error


def pack(model: "keras.Model", path: Path, bits: Mapping[str, int] | int = 8) -> None:
    """Write ``model``'s weights to ``path`` (.npz), matrices as integer codes with a scale for each output channel.

    ``bits`` may be one number or one for each layer name (8 for those not named): 2..8, or 16 or 32 for floats. The
    file has the same bytes for the same weights.

    Raises:
        ValueError: For another number of bits.
    """
    import keras
    import numpy as np

    from zoo.images import atomic

    arrays: dict[str, np.ndarray] = {}
    for variable in _variables(model):
        value = keras.ops.convert_to_numpy(variable.value).astype(np.float32)
        if value.ndim < 2:
            arrays[variable.path] = value
            continue
        depth = bits if isinstance(bits, int) else bits.get(variable.path.split("/")[0], 8)
        if depth in (16, 32):
            arrays[variable.path] = value.astype(f"float{depth}")
            continue
        if not 2 <= depth <= 8:
            raise ValueError(f"bits must be from 2 to 8, 16 or 32. Received: {depth} for {variable.path}")
        largest = 2 ** (depth - 1) - 1
        peak = np.abs(value).reshape(-1, value.shape[-1]).max(0)
        scale = np.where(peak > 0, peak / largest, 1).astype(np.float32)
        arrays[variable.path] = np.rint(value / scale).astype(np.int8)
        arrays[variable.path + "#scale"] = scale
    with atomic(path) as partial:
        np.savez_compressed(partial, **arrays)


def unpack(model: "keras.Model", path: Path) -> None:
    """Load a file of ``pack`` into ``model``; every name and shape is checked before anything is assigned.

    Raises:
        ValueError: When the file cannot be read or does not hold exactly this model's tensors.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"Not a readable weights file. Received: {path} ({error})") from error
    variables = _variables(model)
    expected = {v.path: tuple(v.shape) for v in variables}
    found = {name: value.shape for name, value in arrays.items() if not name.endswith("#scale")}
    if found != expected:
        name = next(name for name in {**expected, **found} if found.get(name) != expected.get(name))
        wanted, there = (shapes.get(name, "no such tensor") for shapes in (expected, found))
        raise ValueError(
            f"{path} holds the weights of another network than {model.name}: of {name!r} the network has {wanted}. "
            f"Received: {there}"
        )
    for variable in variables:
        variable.assign(arrays[variable.path].astype(np.float32) * arrays.get(variable.path + "#scale", np.float32(1)))


def sha256(path: Path) -> str:
    """Checksum of a file, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    # Dropout's counter is a weight to Keras, but no result of training.
    return [v for v in model.weights if "seed_generator" not in v.path]


def _entries() -> dict[str, tuple[Path, dict[str, Any]]]:
    """Folder and index entry of every set of weights."""
    home = store.home()
    local = {name: (home, entry) for name, entry in store.read_index(home / "weights.json").items()}
    return local | {name: (_FOLDER, entry) for name, entry in store.read_index(INDEX).items()}


def _measured() -> dict[str, tuple[Measured, ...]]:
    found: dict[str, list[Measured]] = {}
    if not MEASURED.is_file():
        return {}
    with open(MEASURED, newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            name = line.pop("weights")
            numbers = {key: float(line[key]) for key in ("value", "ci_low", "ci_high")}
            cell = Measured(**(line | numbers | {"n_sources": int(line["n_sources"])}))
            found.setdefault(name, []).append(cell)
    return {name: tuple(cells) for name, cells in found.items()}
