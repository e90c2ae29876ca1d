"""Read the shapes in weights files from their headers, so that nothing large is loaded before its size is known.

A file of a few megabytes may declare, or unpack to, many gigabytes.
"""

import zipfile
from pathlib import Path

NOT_READABLE = (OSError, ValueError, KeyError, EOFError, RecursionError, RuntimeError, TypeError, zipfile.BadZipFile)
"""What NumPy, zipfile, h5py and Keras raise for files that are damaged or of another kind."""


def shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the arrays in an ``.npz``, ``.weights.h5`` or ``.keras`` file.

    Raises:
        OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile: For a file that is damaged or of another kind.
    """
    if path.suffix == ".npz":
        return _of_npz(path)
    import h5py

    found: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item.shape

    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as inner, h5py.File(inner) as file:
            file.visititems(note)
    else:
        with h5py.File(path) as file:
            file.visititems(note)
    return found


def check_keras_file(path: Path) -> None:
    """Refuse a ``.keras`` file that is not an archive; Keras reports an empty file as missing.

    Raises:
        OSError: For a file that is missing or cannot be read.
        ValueError: For one that is no zip archive.
    """
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path.stat().st_size} bytes, no zip archive")


def _of_npz(path: Path) -> dict[str, tuple[int, ...]]:
    from numpy.lib import format as npy

    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                version = npy.read_magic(member)
                read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                shape, _, dtype = read(member)
            if dtype.hasobject:
                raise ValueError(f"{name} holds Python objects")
            found[name.removesuffix(".npy")] = shape
    return found
