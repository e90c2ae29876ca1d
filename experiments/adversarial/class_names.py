"""Names of a classifier's classes on the command line: ``--classes``, ``--target stripes``, "class 1 (stripes)"."""

from collections.abc import Sequence
from pathlib import Path


def read_class_names(given: Path | None, count: int) -> tuple[str, ...]:
    """Return the names of the first classes, in the order of the classifier's outputs; none for None.

    Args:
        given: A text file with a name a line, or a folder with a sub-folder a class, in sorted order.
        count: Classes of the classifier.

    Raises:
        ValueError: For anything else, a name that occurs twice, or more names than classes.
    """
    if given is None:
        return ()
    if given.is_dir():
        names = sorted(path.name for path in given.iterdir() if path.is_dir())
    else:
        try:
            names = [line.strip() for line in given.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(
                f"--classes must be a text file with one name per line, or a folder with one sub-folder per class. "
                f"Received: {given}"
            ) from error
    if not names or len(names) > count or len(set(names)) < len(names):
        raise ValueError(
            f"--classes must name each of the model's {count} classes once, in their order. Received: {len(names)} "
            f"names, {len(set(names))} of them different, in {given}"
        )
    return tuple(names)


def class_number(text: str, names: Sequence[str], count: int) -> int:
    """Return the class that ``text`` stands for: one of ``names``, or a number from 0 to ``count - 1``.

    Raises:
        ValueError: For anything else.
    """
    if text in names:
        return names.index(text)
    if text.isdecimal() and int(text) < count:
        return int(text)
    listed = f", or one of {', '.join(names)}" if names else ", or a name with --classes"
    raise ValueError(f"--target must be a class of the model, 0 to {count - 1}{listed}. Received: {text}")


def class_label(number: int, names: Sequence[str]) -> str:
    """Return ``"class 1 (stripes)"``, or ``"class 1"`` where the name is not known or is the number itself."""
    name = names[number] if number < len(names) else str(number)
    return f"class {number}" + ("" if name == str(number) else f" ({name})")
