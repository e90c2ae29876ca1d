"""Peak signal-to-noise ratio, in dB, of values in [0, 1]."""

from typing import Any

import numpy as np


def psnr_of(error: float) -> float:
    """Return the PSNR of a mean squared error; infinite for 0."""
    # Not scikit-image's peak_signal_noise_ratio, which divides by 0 for equal pictures and warns.
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def batch_psnr(truth: Any, images: Any) -> Any:
    """Return the PSNR, (batch,), of tensors (batch, height, width, channels), with ``images`` clipped to [0, 1].

    At most 100, of equal images. ``keras.ops.psnr`` gives one number for a whole batch.
    """
    from keras import ops

    difference = ops.cast(truth, "float32") - ops.clip(ops.cast(images, "float32"), 0.0, 1.0)
    error = ops.mean(ops.square(difference), axis=(1, 2, 3))
    return -10.0 * ops.log10(ops.maximum(error, 1e-10))
