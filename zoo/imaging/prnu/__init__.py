"""Photo response non-uniformity (PRNU): identify the camera of a picture, and find tampered parts.

Every pixel of a sensor answers light a little differently, by about a percent, and for good. Averaged over photographs
of a camera, that pattern is its fingerprint K:

    sums = FingerprintSums()
    for image in images:                    # uint8 RGB of one size, the more and the brighter, the better
        sums.add(image)
    camera = sums.fingerprint()             # float32 (height, width)
    match(camera, another).p_value          # how often another camera's picture fits as well by chance

Chen, Fridrich, Goljan and Lukas, "Determining image origin and integrity using sensor noise", IEEE TIFS 2008, in the
form that Korus and Memon 2019, section 3.3, used: Korus and Huang, IEEE TIFS 2017.
"""

from zoo.imaging.prnu.cleaning import clean_residual, wiener_in_dft, zero_mean
from zoo.imaging.prnu.evidence import why_silent
from zoo.imaging.prnu.fingerprint import (
    FingerprintSums,
    picture_hash,
    pictures_of,
    read_fingerprint,
    write_fingerprint,
)
from zoo.imaging.prnu.matching import (
    LEVEL,
    ORIENTATIONS,
    Match,
    correlation,
    false_alarm,
    identify,
    match,
    peak_to_correlation_energy,
)
from zoo.imaging.prnu.predictor import CorrelationPredictor, correlation_map
from zoo.imaging.prnu.residual import noise_residual
from zoo.imaging.prnu.tampering import TamperingMap, best_f1, tampering_map

__all__ = [
    "LEVEL",
    "ORIENTATIONS",
    "CorrelationPredictor",
    "FingerprintSums",
    "Match",
    "TamperingMap",
    "best_f1",
    "clean_residual",
    "correlation",
    "correlation_map",
    "false_alarm",
    "identify",
    "match",
    "noise_residual",
    "peak_to_correlation_energy",
    "picture_hash",
    "pictures_of",
    "read_fingerprint",
    "tampering_map",
    "why_silent",
    "wiener_in_dft",
    "write_fingerprint",
    "zero_mean",
]
