"""Read the tensors of a PyTorch state dict in the format before 1.6, without PyTorch and without running its pickle.

A pickle is a program, and a stranger's may do anything. Here its instructions are listed by ``pickletools``, which runs
none of them; the few that a state dict needs are followed, and any other is refused.
"""

import pickletools
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MAGIC = 119547037146038801333356
DTYPES = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
}
REBUILD, ORDERED = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_MARK = object()


class _Tensor(NamedTuple):
    """Where the values of a tensor are: key and dtype of a storage, and a view of it."""

    key: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state(path: str | Path) -> dict[str, np.ndarray]:
    """Tensors of a state dict by name, of any shape, in the file's order.

    Args:
        path: A ``.pth`` file of ``torch.save`` before PyTorch 1.6, or with ``_use_new_zipfile_serialization=False``.

    Raises:
        ValueError: For another file, or one with anything but tensors.
    """
    data = Path(path).read_bytes()
    stream = BytesIO(data)
    try:
        if _value(stream) != MAGIC:
            raise ValueError("no magic number")
        _value(stream), _value(stream)  # protocol version, sizes of types
        tensors, keys = _value(stream), _value(stream)
        storages, where = {}, stream.tell()
        for key in keys:
            count = int.from_bytes(data[where : where + 8], "little")
            dtype = np.dtype(next(t.dtype for t in tensors.values() if t.key == key))
            storages[key] = np.frombuffer(data, dtype, count, where + 8)
            where += 8 + count * dtype.itemsize
        return {name: _view(storages[tensor.key], tensor) for name, tensor in tensors.items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, StopIteration) as error:
        raise ValueError(
            f"Not a PyTorch state dict of tensors in the old format. Received: {path} ({error})"
        ) from error


def _view(storage: np.ndarray, tensor: _Tensor) -> np.ndarray:
    """Return the values of a tensor; its last one must lie in the storage."""
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.shape, default=1) < 1 or min((tensor.offset, *tensor.strides)) < 0 or last >= len(storage):
        raise ValueError(f"a tensor {tensor.shape} outside its storage of {len(storage)} values")
    strides = [s * storage.itemsize for s in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides).copy()


def _value(stream: BytesIO) -> Any:
    """Follow one pickle's instructions; tensors become ``_Tensor``."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        place = len(stack) - 1 - next(i for i, value in enumerate(reversed(stack)) if value is _MARK)
        values = stack[place + 1 :]
        del stack[place:]
        return values

    for name, argument in _instructions(stream):
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            return stack.pop()
        if name == "MARK":
            stack.append(_MARK)
        elif name in ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "GLOBAL"):
            stack.append(argument)
        elif name in ("NEWTRUE", "NEWFALSE", "NONE"):
            stack.append({"NEWTRUE": True, "NEWFALSE": False}.get(name))
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
            stack.append({"EMPTY_DICT": {}, "EMPTY_LIST": [], "EMPTY_TUPLE": ()}[name])
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "APPENDS":
            values = since_mark()
            stack[-1].extend(values)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            stack[-1][key] = value
        elif name == "SETITEMS":
            values = since_mark()
            stack[-1].update(zip(values[::2], values[1::2], strict=True))
        elif name == "BINPERSID":
            stack.append(_storage(stack.pop()))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(_made(function, arguments))
        elif name == "BUILD":  # what an ordered dict carries in addition to its items: the versions of modules
            stack.pop()
        else:
            raise ValueError(f"the instruction {name}")
    raise ValueError("an end before STOP")


def _instructions(stream: BytesIO) -> Iterator[tuple[str, Any]]:
    for opcode, argument, _ in pickletools.genops(stream):
        yield opcode.name, argument


def _storage(identifier: tuple) -> tuple[str, str]:
    """Key and dtype of what the pickle calls a persistent object: ("storage", type, key, device, size[, view])."""
    kind, storage, key = identifier[:3]
    if kind != "storage" or storage not in DTYPES:
        raise ValueError(f"a persistent object {identifier[:2]}")
    return key, DTYPES[storage]


def _made(function: str, arguments: tuple) -> Any:
    if function == ORDERED:
        return dict(*arguments)
    if function == REBUILD:
        (key, dtype), offset, shape, strides = arguments[:4]
        return _Tensor(key, dtype, offset, shape, strides)
    raise ValueError(f"a call of {function}")
