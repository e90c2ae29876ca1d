"""Which photographs show the same scene: copies resized, brightened, cropped, turned or developed anew, and bursts.

Thumbnails are compared after their local mean and contrast are taken out, so that only structure counts. A coarse
comparison of every picture with cropped versions of every other finds candidates; a search over position and scale
decides. On some 430 unrelated photographs the finer measure stays below .7 in every one of 92,000 pairs and below .6
in all but two; copies as named above reach .6 and mostly .9.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import cv2
import numpy as np

SIDE = 72
"""Thumbnails are SIDE x SIDE pixels, whatever the aspect ratio was."""
_COARSE = 16
_CROPS = [(0.0, 1.0), (0.1, 1.0), (0.0, 0.9), (0.1, 0.9)]
_SCALES = (0.8, 0.85, 0.9, 0.95, 1.0)
_CANDIDATE, _SAME = 0.6, 0.6
BURST = timedelta(seconds=5)
_OVERLAP = 0.5  # 99 % of unrelated pairs lie below; frames of a camera that moves by a quarter of the view, above .8


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Shrink uint8 RGB (height, width, 3) to the uint8 grey (SIDE, SIDE) that ``group`` compares."""
    return cv2.cvtColor(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def group(
    thumbnails: Sequence[np.ndarray],
    times: Sequence[datetime | None] | None = None,
    linked: Sequence[tuple[int, int]] = (),
) -> np.ndarray:
    """Return the number of each picture's scene, int (n,): pictures that share a scene share the number.

    Args:
        thumbnails: From ``thumbnail``, n of them.
        times: When each was taken: within five seconds of each other, it is enough that the views overlap.
        linked: Pairs of indices that are known to belong together.

    Being in the same scene is passed on: a chain of likenesses makes one scene.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(thumbnails)
    pairs = [*linked, *alike(thumbnails)]
    if n > 1:
        pairs += _bursts(thumbnails, times or [None] * n)
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    return connected_components(coo_array((np.ones(len(rows)), (rows, columns)), (n, n)), directed=False)[1]


def alike(thumbnails: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return pairs of indices of pictures that look like copies of each other; ``thumbnail`` makes the uint8 (n, n)."""
    pairs = _identical(thumbnails)
    if len(thumbnails) > 1:
        crops = np.stack([_crops(t) for t in thumbnails])
        whole = [np.stack([_coarse(np.rot90(t, turns)) for t in thumbnails]) for turns in range(4)]
        pairs += _near_duplicates(thumbnails, crops, whole)
    return pairs


def _identical(thumbnails: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Return pairs of equal thumbnails; flat thumbnails have no structure to compare."""
    first: dict[bytes, int] = {}
    return [(first.setdefault(t.tobytes(), i), i) for i, t in enumerate(thumbnails)]


def _near_duplicates(
    thumbnails: Sequence[np.ndarray], crops: np.ndarray, whole: list[np.ndarray]
) -> list[tuple[int, int]]:
    n, versions = crops.shape[:2]
    columns = crops.reshape(n * versions, -1).T
    found = []
    for start in range(0, n, 64):  # in blocks, so that thousands of pictures fit into memory
        likeness = np.stack([(w[start : start + 64] @ columns).reshape(-1, n, versions).max(2) for w in whole])
        turns, rows, others = np.nonzero(likeness > _CANDIDATE)
        for k, i, j in zip(turns.tolist(), (rows + start).tolist(), others.tolist(), strict=True):
            if i != j and _aligned_correlation(np.rot90(thumbnails[i], k), thumbnails[j]) > _SAME:
                found.append((i, j))
    return found


def _bursts(thumbnails: Sequence[np.ndarray], times: Sequence[datetime | None]) -> list[tuple[int, int]]:
    known = sorted((time, i) for i, time in enumerate(times) if time is not None)
    found = []
    for k, (time, i) in enumerate(known):
        for later, j in known[k + 1 :]:
            if later - time > BURST:
                break
            if _overlap(thumbnails[i], thumbnails[j]) > _OVERLAP:
                found.append((i, j))
    return found


def _structure(grey: np.ndarray, radius: float) -> np.ndarray:
    """Take local mean and contrast out; float32 of the same shape."""
    grey = np.ascontiguousarray(grey, np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), radius)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), radius))
    return detail / (contrast + 4)  # 4 grey levels keep noise small where nothing is to be seen


def _coarse(grey: np.ndarray) -> np.ndarray:
    """Return a unit vector of the coarse structure, float32 (_COARSE ** 2,); all 0 for a flat picture."""
    small = cv2.resize(np.ascontiguousarray(grey, np.float32), (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    vector = _structure(small, _COARSE / 5).ravel()
    vector -= vector.mean()
    return vector / (np.linalg.norm(vector) + 1e-6)


def _crops(grey: np.ndarray) -> np.ndarray:
    """``_coarse`` of the picture and of fifteen crops of it, float32 (16, _COARSE ** 2)."""
    spans = [(round(low * SIDE), round(high * SIDE)) for low, high in _CROPS]
    return np.stack([_coarse(grey[y0:y1, x0:x1]) for y0, y1 in spans for x0, x1 in spans])


def _aligned_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the highest correlation of structure, at most 1, with either picture as a part of the other."""
    best = -1.0
    a, b = _structure(a, SIDE / 9), _structure(b, SIDE / 9)
    for part, other in ((a, b), (b, a)):
        for height in _SCALES:
            for width in _SCALES:
                if abs(height - width) > 0.16:  # a crop of more than that shows another picture
                    continue
                size = (round(SIDE * width), round(SIDE * height))
                template = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
                best = max(best, float(cv2.matchTemplate(other, template, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The highest correlation of structure, at most 1, of the central half of either picture anywhere in the other."""
    a, b = _structure(a, SIDE / 9), _structure(b, SIDE / 9)
    half = slice(SIDE // 4, SIDE - SIDE // 4)
    parts = ((np.ascontiguousarray(a[half, half]), b), (np.ascontiguousarray(b[half, half]), a))
    return max(float(cv2.matchTemplate(other, part, cv2.TM_CCOEFF_NORMED).max()) for part, other in parts)
