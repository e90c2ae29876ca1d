"""Stored weights: small files with a checksum and a provenance each, listed in its family's ``weights.json``.

A file is an ``.npz`` of integer codes, 8 bits or fewer, with one float32 scale for each output channel, or of floats
where that would cost too much; vectors (biases, normalisation) stay float32. Writing is byte-reproducible, loading is
refused when a byte has changed.
"""

import csv
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zoo import extensions, store
from zoo.extensions import Origin
from zoo.families import BUILT_IN, citation, families, network_of
from zoo.store import INDEX, sha256
from zoo.weight_files import NOT_READABLE, shapes_of

if TYPE_CHECKING:
    import keras
    import numpy as np

Network = TypeVar("Network", bound="keras.Model")
# Keras and NumPy are imported where they are needed: names and provenance need neither.
_FOLDER = Path(__file__).parent
SUFFIXES = (".npz", ".h5", ".keras")
"""What files of weights end in."""
MEASURED = _FOLDER / "measured.csv"
"""What the published tables have measured with stored weights; `make publish` writes it."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """A cell of a table that was measured with these weights; the interval is the 95 % one of ``zoo.metrics``.

    ``unit`` is empty for a plain number. ``note`` says whether other weights were also used, or whether it was measured
    before these were packed.
    """

    table: str
    row: str
    column: str
    metric: str
    unit: str
    value: float
    ci_low: float
    ci_high: float
    dataset: str
    n_sources: int
    commit: str
    note: str = ""

    def __str__(self) -> str:
        unit = self.unit and f" {self.unit}"
        number = f"{self.metric} {self.value:g} [{self.ci_low:g}, {self.ci_high:g}]{unit}"
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
    family: str = ""
    """The family's package in ``zoo``, or what another package calls it."""
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
    def path(self) -> Path:
        """Where the file lies."""
        return self.folder / self.file


def names() -> list[str]:
    """Return the names, ``network.training``, of all weights in the package, other packages and the local store."""
    return sorted(_entries())


def all_names() -> list[str]:
    """Return ``names()`` and the names of models that need no weights."""
    return sorted({*_entries(), *(name for family in families() for name in family.weightless)})


def packaged() -> list[str]:
    """Return the names of the weights in the package."""
    return sorted(name for name, (family, folder, _) in _entries().items() if _is_packaged(family, folder))


def provenance(name: str) -> StoredWeights | Origin:
    """Return the provenance of the weights ``name``. The package takes precedence over the local store.

    For another package's model without weights, it is that package, its version and its licence.

    Raises:
        ValueError: For an unknown name, and the message lists those that exist; for an index of another version.
    """
    entries = _entries()
    if name not in entries:
        family = next((family.name for family in families() if name in family.weightless), None)
        if family is None:
            here = ", ".join(all_names()) or "none yet"
            raise ValueError(f"Models with available weights are {here}. Received: {name!r}")
        return extensions.origin("families", family, name)
    family, folder, entry = entries[name]
    metrics = _measured().get(name, ()) if _is_packaged(family, folder) else ()
    known = {"name": name, "family": family, "paper": citation(family), "folder": folder, "metrics": metrics}
    try:
        fields: dict[str, Any] = known | entry
        return StoredWeights(**fields)
    except TypeError as error:
        raise ValueError(f"The index of {folder} does not describe {name} as this version does. {error}") from error


def stored_provenance(name: str) -> StoredWeights:
    """Return the ``provenance`` of stored weights.

    Raises:
        ValueError: As there, and for a model that needs no weights.
    """
    entry = provenance(name)
    if not isinstance(entry, StoredWeights):
        raise ValueError(f"This model needs no weights, and none are stored. Received: {name!r}")
    return entry


def arguments_of(name: str) -> dict[str, Any]:
    """Return the non-default constructor arguments of stored weights; lists become tuples.

    Raises:
        ValueError: As ``stored_provenance``.
    """
    given = stored_provenance(name).arguments
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def absent(name: str) -> str:
    """Return the error text for a missing model ``name``: how to train it, and which models are available."""
    here = f"Available: {', '.join(all_names()) or 'none yet'}."
    network = network_of(name)
    if network is None:
        return f"A model is called network.training; `zoo pretrain PAPER` trains others. {here} Received: {name!r}"
    how = f"`{network.command}` trains them and stores them in {store.home()} ({store.VARIABLE} sets another folder)"
    return f"The weights of this model are not available: {how}. {here} Received: {name!r}"


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
            f"{entry.path} is changed or damaged and is refused: sha256 must be {entry.sha256}. Received: {found}"
        )
    return entry.path


def find(weights: str | Path) -> Path:
    """Return the file of stored weights by name, verified, or a file by its path.

    Raises:
        ValueError: For an unknown name, a missing file, or stored weights that were changed.
    """
    if str(weights) in _entries():
        return verify(stored_provenance(str(weights)))
    path = Path(weights)
    if not path.is_file():
        raise ValueError(f"weights must be a file or the name of stored weights. {absent(str(weights))}")
    return path


def load_into(model: "keras.Model", weights: str | Path) -> None:
    """Load stored weights by name, or a file (``.npz`` of ``pack``, ``.weights.h5``, ``.keras``), into ``model``.

    Raises:
        ValueError: For an unknown name, a missing, damaged or changed file, or different shapes; ``model`` is then
            unchanged.
    """
    import numpy as np

    path = find(weights)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"A file of weights must end in .npz, .weights.h5 or .keras. Received: {path}")
    if path.suffix == ".npz":
        unpack(model, path)
        return
    largest = max((int(np.prod(v.shape)) for v in model.weights), default=0)
    before = model.get_weights()
    try:
        for name, shape in shapes_of(path).items():
            if int(np.prod(shape)) > largest and not name.startswith("optimizer"):
                raise ValueError(f"{name}, {shape}, is larger than any tensor of the network")
        model.load_weights(path)
    except NOT_READABLE as error:
        model.set_weights(before)
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"Not a weights file that fits {model.name}. Received: {path} ({reason})") from error
    _check_finite(model, path, before)


def loaded(model: Network, weights: str | Path | None) -> Network:
    """Return ``model`` after ``load_into``, or as it is where ``weights`` is None."""
    if weights is not None:
        load_into(model, weights)
    return model


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

    arrays: dict[str, Any] = {}  # arrays; Any, since savez also has a keyword that is no array
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

    variables = _variables(model)
    expected = {v.path: tuple(v.shape) for v in variables}
    scales = {f"{name}#scale": shape[-1:] for name, shape in expected.items()}
    try:
        found = shapes_of(path)
    except NOT_READABLE as error:
        raise ValueError(f"Not a readable weights file. Received: {path} ({error})") from error
    found = {name: shape for name, shape in found.items() if scales.get(name) != shape}
    if found != expected:
        name = next(name for name in {**expected, **found} if found.get(name) != expected.get(name))
        wanted, there = (shapes.get(name, "no such tensor") for shapes in (expected, found))
        raise ValueError(
            f"{path} holds the weights of another network than {model.name}: of {name!r} the network has {wanted}. "
            f"Received: {there}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except NOT_READABLE as error:
        raise ValueError(f"Not a readable weights file. Received: {path} ({error})") from error
    before = model.get_weights()
    for variable in variables:
        variable.assign(arrays[variable.path].astype(np.float32) * arrays.get(variable.path + "#scale", np.float32(1)))
    _check_finite(model, path, before)


def _check_finite(model: "keras.Model", path: Path, before: "list[np.ndarray]") -> None:
    """Refuse weights with NaN or infinity, and give ``model`` those that it had ``before``."""
    import numpy as np

    for variable, value in zip(model.weights, model.get_weights(), strict=True):
        if not np.isfinite(value).all():
            model.set_weights(before)
            raise ValueError(f"Weights must be finite numbers. Received: NaN or infinity in {variable.path} of {path}")


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    # Dropout's counter is a weight to Keras, but no result of training.
    return [v for v in model.weights if "seed_generator" not in v.path]


def _entries() -> dict[str, tuple[str, Path, dict[str, Any]]]:
    """Family, folder and index entry of every set of weights; the package's own come before all others."""
    home = store.home()
    found = {}
    for name, entry in store.read_index(home / INDEX).items():
        found[name] = (Path(entry["file"]).parts[0], home, entry)
    for page in reversed(families()):
        for name, entry in store.read_index(page.folder / INDEX).items():
            found[name] = (page.name, page.folder, entry)
    return found


def _is_packaged(family: str, folder: Path) -> bool:
    return family in BUILT_IN and folder != store.home()


def _measured() -> dict[str, tuple[Measured, ...]]:
    found: dict[str, list[Measured]] = {}
    if not MEASURED.is_file():
        return {}
    with open(MEASURED, newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            name = line.pop("weights")
            numbers = {key: float(line[key]) for key in ("value", "ci_low", "ci_high")}
            fields: dict[str, Any] = line | numbers | {"n_sources": int(line["n_sources"])}
            found.setdefault(name, []).append(Measured(**fields))
    return {name: tuple(cells) for name, cells in found.items()}
