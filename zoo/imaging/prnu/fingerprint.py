"""A camera's fingerprint: the maximum-likelihood estimate of its photo response from photographs."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from zoo.images import ImageError, atomic, check_regular_file
from zoo.imaging.prnu.cleaning import to_grey, wiener_in_dft, zero_mean
from zoo.imaging.prnu.residual import check_picture, noise_residual
from zoo.weight_files import shapes_of

MAXIMUM_PIXELS = 256_000_000
"""Largest fingerprint that is read; the limit of a RAW file is the same."""


class FingerprintSums:
    """Running sums for the fingerprint estimate; partial sums of separate runs can be added.

    K is ``sum(W I) / (sum(I^2) + 1)`` (Chen et al. 2008, equation 6): W the noise residual, I the intensity, scaled to
    0..1 at grey level 252, falling above it and 0 where a pixel and a neighbour are saturated.

    Args:
        sigma: As for ``noise_residual``.
    """

    def __init__(self, sigma: float = 3.0) -> None:
        self.sigma, self.count = sigma, 0
        self.products: np.ndarray | None = None
        self.energies: np.ndarray | None = None

    def add(self, image: np.ndarray) -> None:
        """Take in one photograph, grey levels 0..255, (height, width) or (height, width, 3); all of one size.

        Raises:
            ValueError: For another size than the first one's.
        """
        image = check_picture(image)
        if self.products is None:
            self.products, self.energies = (np.zeros(image.shape, np.float32) for _ in range(2))
        if image.shape != self.products.shape:
            raise ValueError(
                f"A fingerprint needs photographs of one size, {self.products.shape}. Received: {image.shape}"
            )
        intensity = light(image) * ~saturated(image)
        self.products += noise_residual(image, self.sigma) * intensity
        self.energies += intensity * intensity
        self.count += 1

    def __add__(self, other: "FingerprintSums") -> "FingerprintSums":
        """Return the sums of both lots of photographs."""
        if other.products is None or other.energies is None:
            return self
        if self.products is None or self.energies is None:
            return other
        if self.products.shape != other.products.shape or self.sigma != other.sigma:
            received = f"{self.products.shape}, {self.sigma} and {other.products.shape}, {other.sigma}"
            raise ValueError(f"Sums must be of one size and sigma. Received: {received}")
        total = FingerprintSums(self.sigma)
        total.count = self.count + other.count
        total.products, total.energies = self.products + other.products, self.energies + other.energies
        return total

    def estimate(self) -> np.ndarray:
        """K as it is, float32 of the photographs' shape, in grey levels at full intensity (252).

        Raises:
            ValueError: When there was no photograph.
        """
        if self.products is None or self.energies is None:
            raise ValueError("A fingerprint needs at least one photograph. Received: 0")
        return self.products / (self.energies + 1)

    def fingerprint(self) -> np.ndarray:
        """K cleaned of what cameras share, in grey, float32 (height, width): what ``match`` takes.

        Rows, columns and mosaic sites get zero mean, the spectrum of each channel and then of their grey sum is
        flattened (the order of the toolbox that the paper used).
        """
        pattern = zero_mean(self.estimate())
        if pattern.ndim == 3:
            pattern = to_grey(np.dstack([wiener_in_dft(pattern[..., i]) for i in range(pattern.shape[2])]))
        return wiener_in_dft(pattern)


def light(image: np.ndarray) -> np.ndarray:
    """Return the strength of PRNU at grey levels 0..255, float32 of their shape: proportional up to 252, then less."""
    levels = np.asarray(image, np.float32)
    return np.where(levels < 252, levels / 252, np.exp(-((levels - 252) ** 2) / 6)).astype(np.float32)


def saturated(image: np.ndarray) -> np.ndarray:
    """Return where a channel is saturated (its maximum, at least 250) in a pixel and one of its four neighbours.

    ``image`` is (height, width) or (height, width, 3), 0..255; the result is bool of that shape.
    """
    full = (image == np.max(image, axis=(0, 1))) & (image >= 250)
    beside = np.zeros_like(full)
    beside[1:] |= full[:-1]
    beside[:-1] |= full[1:]
    beside[:, 1:] |= full[:, :-1]
    beside[:, :-1] |= full[:, 1:]
    return full & beside


def picture_hash(image: np.ndarray) -> str:
    """SHA-256 of the shape and pixels of ``image``, (height, width, ...): 64 hexadecimal digits."""
    image = np.ascontiguousarray(image)
    return hashlib.sha256(f"{image.dtype} {image.shape} ".encode() + image.tobytes()).hexdigest()


def write_fingerprint(path: str | Path, fingerprint: np.ndarray, pictures: Iterable[str] = ()) -> None:
    """Write a fingerprint, float (height, width), as ``.npz``; the file appears at once, whole.

    ``pictures`` are the hashes (``picture_hash``) of those it was made of, which prove nothing when they are matched.

    Raises:
        ValueError: For another shape or suffix.
    """
    if Path(path).suffix.lower() != ".npz" or np.ndim(fingerprint) != 2:
        raise ValueError(f"A fingerprint (height, width) goes to .npz. Received: {path}, {np.shape(fingerprint)}")
    with atomic(path) as temporary:
        hashes = np.array(sorted(pictures), dtype="U64")
        np.savez(temporary, fingerprint=np.asarray(fingerprint, np.float32), pictures=hashes)


def read_fingerprint(path: str | Path) -> np.ndarray:
    """Read what ``write_fingerprint`` wrote to ``path``, float32 (height, width).

    Raises:
        ImageError: For anything else.
    """
    right = "a fingerprint of `zoo imaging prnu fingerprint` is needed"
    check_regular_file(Path(path), right)
    try:
        shape = shapes_of(Path(path))["fingerprint"]
        if np.prod(shape, dtype=float) > MAXIMUM_PIXELS:
            raise ValueError(f"a pattern of {shape}")
        with np.load(path, allow_pickle=False) as stored:
            fingerprint = stored["fingerprint"]
    except MemoryError:
        raise
    except Exception as error:  # NumPy and zipfile raise nearly everything on other files
        raise ImageError(path, "is not a fingerprint", right) from error
    real = fingerprint.dtype.kind == "f"
    if not real or fingerprint.ndim != 2 or 0 in fingerprint.shape or not np.isfinite(fingerprint).all():
        raise ImageError(
            path, "holds no finite pattern of two dimensions", right, f"{fingerprint.dtype} {fingerprint.shape}"
        )
    return fingerprint.astype(np.float32, copy=False)


def pictures_of(path: str | Path) -> frozenset[str]:
    """Return hashes (``picture_hash``) of the pictures in the fingerprint at ``path``; empty if not stored.

    Raises:
        ImageError: For a file that is no fingerprint.
    """
    read_fingerprint(path)
    with np.load(path, allow_pickle=False) as stored:
        return frozenset(stored["pictures"].tolist()) if "pictures" in stored.files else frozenset()
