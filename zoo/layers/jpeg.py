"""JPEG compression as a function and a layer: equal to libjpeg-turbo going forward, differentiable going backward."""

import functools
from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from zoo.layers import jpeg_codec, jpeg_smooth
from zoo.layers.jpeg_checks import (
    check_images,
    check_options,
    check_quality,
    check_quality_range,
    check_tables,
    check_values,
)
from zoo.layers.jpeg_planes import Subsampling
from zoo.layers.jpeg_random import random_quality
from zoo.layers.jpeg_rounding import Gradient, Rounding
from zoo.layers.jpeg_smooth import Model, Variant
from zoo.layers.jpeg_tables import quantisation_tables


def jpeg(
    images: Any,
    quality: Any = None,
    tables: Any = None,
    *,
    subsampling: Subsampling = "4:2:0",
    rounding: Rounding = "libjpeg",
    gradient: Gradient | None = None,
    harmonic_terms: int = 5,
    value_range: tuple[int, int] = (0, 1),
    variant: Variant = "standard",
) -> Any:
    """Compress and decompress images as JPEG, with gradients for images, quality and quantisation tables.

    The arguments are those of ``DifferentiableJPEG``; exactly one of ``quality`` and ``tables`` must be given.

    Args:
        images: (batch, height, width, 3), RGB; float 0..1 (``value_range=(0, 1)``), uint8 or float 0..255
            (``value_range=(0, 255)``).
        quality: 1 to 100, a number or a tensor, () or (batch,).
        tables: Quantisation tables (8, 8), (2, 8, 8) or (batch, 2, 8, 8), luminance before chrominance.
        subsampling: ``"4:2:0"``, ``"4:2:2"`` or ``"4:4:4"``.
        rounding: ``"libjpeg"``, ``"round"``, ``"sinusoidal"``, ``"harmonic"`` or ``"cubic"``.
        gradient: None, ``"straight_through"``, ``"sinusoidal"``, ``"harmonic"``, ``"cubic"`` or ``"soft"``.
        harmonic_terms: Number of terms of ``"harmonic"``.
        value_range: (0, 1) or (0, 255).
        variant: ``"standard"`` or ``"korus2019"``.

    Returns:
        A tensor of the images' shape and range; uint8 for uint8, else float32.

    Raises:
        ValueError: For a quality outside 1..100 or NaN, wrong rank, dtype, range or table shape, images without
            pixels, an unknown option. Values are only checked in eager mode; in a traced function they are silently
            clamped.
    """
    mode = check_options(subsampling, rounding, gradient, harmonic_terms, value_range=value_range, variant=variant)
    if (quality is None) == (tables is None):
        raise ValueError(f"Give either quality or tables. Received: {'neither' if quality is None else 'both'}")
    images = ops.convert_to_tensor(images)
    value_range = value_range[0], value_range[1]
    check_images(images, value_range)
    check_values(images, value_range)
    model = Model(subsampling, rounding, mode, harmonic_terms, value_range[1], variant)
    return _compress(images, quality, tables, model)


def _compress(images: Any, quality: Any, tables: Any, model: Model, *, drawn: bool = False) -> Any:
    """Code checked images; checks quality or tables. ``drawn`` qualities are nobody's to learn."""
    batch = ops.shape(images)[0]
    if tables is None:
        needs_gradient = not drawn and not isinstance(quality, (int, float, list, tuple, np.ndarray, np.generic))
        check_quality(quality, batch)
        quality = ops.cast(ops.convert_to_tensor(quality), "float32")
    else:
        needs_gradient = not isinstance(tables, np.ndarray)
        tables = ops.cast(ops.convert_to_tensor(tables), "float32")
        check_tables(tables, batch)
    if isinstance(batch, int) and batch == 0:
        return images if keras.backend.standardize_dtype(images.dtype) == "uint8" else ops.cast(images, "float32")
    code = _compiled_by_jax() if keras.backend.backend() == "jax" else _code
    return code(images, quality, tables, model, needs_gradient)


@functools.cache
def _compiled_by_jax() -> Callable:
    """``_code`` as one compiled function: one by one, JAX takes seconds to compile its hundreds of operations."""
    import jax

    return jax.jit(_code, static_argnums=(3, 4))


def _code(images: Any, quality: Any, tables: Any, model: Model, needs_table_gradient: bool) -> Any:
    """Code images by tables, or by those of a quality where ``tables`` is None; float32 tensors, all checked."""
    if tables is None:
        tables = quantisation_tables(ops.reshape(quality, (-1,)), float_scale=model.variant == "korus2019")
    else:
        tables = ops.clip(tables, 1e-6, 255.0)
        tables = ops.reshape(tables, (1, 1, 8, 8) if len(tables.shape) == 2 else (-1, 2, 8, 8))
        tables = ops.broadcast_to(tables, (1, 2, 8, 8)) if tables.shape[1] == 1 else tables
    coded = _with_gradient(ops.cast(images, "float32"), tables, model, needs_table_gradient)
    return ops.cast(coded, "uint8") if keras.backend.standardize_dtype(images.dtype) == "uint8" else coded


def _with_gradient(images: Any, tables: Any, model: Model, needs_table_gradient: bool) -> Any:
    exact = model.rounding == "libjpeg"
    smooth = Model(
        model.subsampling,
        ("round" if model.gradient in ("soft", "straight_through") else model.gradient) if exact else model.rounding,
        model.gradient,
        model.terms,
        model.white,
        model.variant,
    )
    straight = model.gradient == "straight_through"

    @ops.custom_gradient
    def coded(images: Any, tables: Any) -> tuple:
        kept = None
        if exact:
            output = _code_exactly(images, tables, model)
        else:
            output, *kept = jpeg_smooth.forward(images, tables, smooth)

        def gradient(*arguments: Any, upstream: Any = None) -> tuple[Any, Any]:
            # TensorFlow and JAX hand over the upstream gradient by position, PyTorch by name.
            upstream = arguments[0] if upstream is None else upstream
            if straight and not needs_table_gradient:
                ratios = passed = None
            else:
                ratios, passed = kept or jpeg_smooth.forward(images, tables, smooth)[1:]
            passed = None if straight else passed
            return jpeg_smooth.backward(upstream, tables, ratios, passed, model=smooth, for_tables=needs_table_gradient)

        return output, gradient

    return coded(images, tables)


def _code_exactly(images: Any, tables: Any, model: Model) -> Any:
    pixels = images * 255.0 if model.white == 1 else images
    pixels = ops.cast(ops.clip(ops.round(pixels), 0.0, 255.0), "int32")
    tables = ops.cast(ops.clip(ops.floor(tables + 0.5), 1.0, 255.0), "int32")
    coded = ops.cast(jpeg_codec.code(pixels, tables, model.subsampling), "float32")
    # Equals coded / 255 on all 256 values. As a division it would not: graph optimisers multiply by 1 / 255 instead.
    return (coded + coded * (1 / 255)) * (1 / 256) if model.white == 1 else coded


@keras.saving.register_keras_serializable(package="forensics_zoo")
class DifferentiableJPEG(keras.layers.Layer):
    """JPEG compression that equals libjpeg-turbo on every pixel and has a gradient.

    With ``rounding="libjpeg"`` (the default) the output is what Pillow returns after saving and opening a file, at
    every quality, subsampling and size. The input is rounded to 8 bits first, as in a file, and a non-integer quality
    is rounded for the table. Both keep their gradients, which come from a smooth model of the codec.

    >>> layer = DifferentiableJPEG(quality=75)
    >>> layer(images)  # float images, 0..1
    >>> layer(images, quality=keras.ops.array([50.0, 90.0]))  # one quality for each of two images

    Accuracy of the forward modes against libjpeg-turbo 3.2.0 (Pillow 13.0.0): PSNR and share of identical pixels over
    seven photographs, 4:2:0 (korus2019: 4:4:4), measured by ``benchmarks/jpeg_accuracy.py``::

                                          quality 10      quality 30      quality 50      quality 80      quality 95
        libjpeg                         equal, 100 %    equal, 100 %    equal, 100 %    equal, 100 %    equal, 100 %
        round                         48.6 dB,  78 %  48.2 dB,  42 %  48.7 dB,  48 %  49.2 dB,  38 %  49.7 dB,  30 %
        cubic                         41.2 dB,   9 %  43.4 dB,  10 %  44.1 dB,  12 %  45.2 dB,  10 %  46.9 dB,  10 %
        harmonic, 5 terms             35.5 dB,   4 %  39.3 dB,   4 %  41.2 dB,   5 %  44.0 dB,   6 %  47.0 dB,   9 %
        sinusoidal                    31.5 dB,   3 %  35.4 dB,   3 %  36.7 dB,   4 %  39.5 dB,   6 %  45.0 dB,   8 %
        korus2019 round               33.5 dB,   3 %  38.5 dB,   2 %  41.1 dB,   2 %  44.7 dB,   9 %  46.1 dB,  11 %
        korus2019 harmonic, 4 terms   31.8 dB,   3 %  35.9 dB,   2 %  38.3 dB,   2 %  42.6 dB,   5 %  46.5 dB,  10 %
        korus2019 sinusoidal          31.3 dB,   2 %  35.0 dB,   2 %  36.4 dB,   3 %  39.3 dB,   7 %  44.2 dB,  10 %

    Args:
        quality: 1 to 100; or (low, high), integers: each image draws its own, both ends included; or None: given with
            each call.
        subsampling: Of chroma: ``"4:2:0"`` (Pillow's default), ``"4:2:2"`` or ``"4:4:4"``.
        rounding: ``"libjpeg"``; or a smooth forward model whose coefficients are rounded by ``"sinusoidal"``,
            ``"harmonic"`` or ``"cubic"`` functions, while input and colours stay unrounded; or ``"round"``, with a
            gradient of choice: coefficients and samples rounded, but in floats, close to libjpeg and not equal.
        gradient: For ``"libjpeg"`` and ``"round"``: ``"straight_through"`` (the default; passes roundings and clamps
            as if they were not there), ``"sinusoidal"``, ``"harmonic"`` or ``"cubic"`` (exactly the gradient of the
            layer with that rounding), or ``"soft"`` (true rounding with the sinusoidal derivative). The smooth
            roundings have their own.
        harmonic_terms: Number of terms of the harmonic series.
        value_range: ``(0, 1)`` for floats, or ``(0, 255)`` for uint8 or floats.
        variant: ``"standard"``, or ``"korus2019"``, see ``korus2019``.
        seed: Of the layer's own random draws.
        name: Name of the layer.
        trainable: As in every Keras layer; this one has no weights.
        dtype: As in every Keras layer; without effect, the codec works in int32 and float32 under any policy.

    Call arguments:
        images: (batch, height, width, 3), RGB, in ``value_range``. The values are checked once, on the first eager
            batch; otherwise values outside the range are silently clamped in the forward pass.
        quality: Instead of the layer's: a number, or a tensor () or (batch,).
        tables: Instead of a quality: quantisation tables (8, 8), (2, 8, 8) or (batch, 2, 8, 8), up to 255, luminance
            before chrominance. ``"libjpeg"`` rounds them to integers; the smooth models take them as they are.
        seed: int or int tensor, () or (2,). Makes the draw of qualities a pure function of it, the same on every
            backend; without it the layer's seed generator counts on.

    Output:
        As the images in shape and range; uint8 for uint8, else float32.

    Raises:
        ValueError: For bad input; the message ends in what was received.
    """

    def __init__(
        self,
        quality: float | tuple[int, int] | None = 75,
        subsampling: Subsampling = "4:2:0",
        *,
        rounding: Rounding = "libjpeg",
        gradient: Gradient | None = None,
        harmonic_terms: int = 5,
        value_range: tuple[int, int] = (0, 1),
        variant: Variant = "standard",
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        # A reduced-precision policy would round the images before they arrive.
        super().__init__(name=name, trainable=trainable, dtype=dtype, autocast=False)
        mode = check_options(subsampling, rounding, gradient, harmonic_terms, value_range=value_range, variant=variant)
        if isinstance(quality, (tuple, list)):
            if len(quality) != 2:
                raise ValueError(f"A range of qualities is (low, high). Received: {quality}")
            check_quality_range(*quality)
            quality = int(quality[0]), int(quality[1])
        elif quality is not None:
            check_quality(quality, None)
            quality = float(quality)
        self.quality = quality
        self.subsampling = subsampling
        self.rounding = rounding
        self.gradient = gradient
        self.harmonic_terms = harmonic_terms
        self.value_range = value_range[0], value_range[1]
        self.variant = variant
        self.seed = seed
        self._model = Model(subsampling, rounding, mode, harmonic_terms, self.value_range[1], variant)
        self._values_checked = False
        if isinstance(quality, tuple):
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    @classmethod
    def korus2019(
        cls,
        quality: float | tuple[int, int] | None = 50,
        rounding: Literal["round", "sinusoidal", "harmonic", "cubic"] = "sinusoidal",
        *,
        gradient: Gradient | None = None,
        harmonic_terms: int = 4,
        seed: int | None = None,
        name: str | None = None,
    ) -> "DifferentiableJPEG":
        """Build the dJPEG of Korus and Memon ("Neural Imaging Pipelines", CVPR 2019) as their code had it.

        It differs from JPEG: all planes are shifted by 127 instead of 128, the DCT matrix is rounded to four digits,
        5000 / q is not rounded down, chroma is not subsampled, colours are not rounded. The paper states five terms for
        the harmonic rounding; the loop in the code has four. The code requires sides that are multiples of 8; this
        layer pads.
        """
        return cls(
            quality=quality,
            subsampling="4:4:4",
            rounding=rounding,
            gradient=gradient,
            harmonic_terms=harmonic_terms,
            variant="korus2019",
            seed=seed,
            name=name,
        )

    def call(self, images: Any, quality: Any = None, tables: Any = None, seed: Any = None) -> Any:
        """Compress and decompress ``images``; the arguments are described at the class."""
        check_images(images, self.value_range)
        if not self._values_checked:
            self._values_checked = check_values(images, self.value_range)
        if quality is not None and tables is not None:
            raise ValueError("Give quality or tables, not both. Received: both")
        if quality is None and tables is None:
            quality = self.quality
            if quality is None:
                raise ValueError("A layer without a quality needs quality or tables in the call. Received: neither")
            if isinstance(quality, tuple):
                seed = self.seed_generator.next() if seed is None else seed
                drawn = random_quality(seed, ops.shape(images)[0], *quality)
                return _compress(images, drawn, None, self._model, drawn=True)
        return _compress(images, quality, tables, self._model)

    def compute_output_shape(self, input_shape: tuple, **_: Any) -> tuple:
        """Return the images' shape."""
        return input_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "quality": self.quality,
            "subsampling": self.subsampling,
            "rounding": self.rounding,
            "gradient": self.gradient,
            "harmonic_terms": self.harmonic_terms,
            "value_range": self.value_range,
            "variant": self.variant,
            "seed": self.seed,
        }
