"""Seven natural colour scenes that come with scikit-image and scikit-learn.

The three that were stored as JPEG (rocket, china, flower) are averaged down to half their size first, which removes
most of the compression's 8x8 traces; the others are PNG files whose earlier history is unknown. Enough to try things
and to measure a little, too few for claims: for those use a folder of your own or CLIC.
"""

import numpy as np

SCENES = ("astronaut", "chelsea", "coffee", "motorcycle", "rocket", "china", "flower")
"""Names of the photographs; each is a scene of its own."""
_FROM_JPEG = {"rocket", "china", "flower"}


def photograph(name: str) -> np.ndarray:
    """Return a photograph, uint8 RGB (height, width, 3), with sides of 213 to 741 pixels.

    Raises:
        ValueError: For a name that is not in ``SCENES``.
    """
    if name not in SCENES:
        raise ValueError(f"The embedded photographs are {', '.join(SCENES)}. Received: {name!r}")
    if name in ("china", "flower"):
        from sklearn.datasets import load_sample_image

        image = np.asarray(load_sample_image(f"{name}.jpg"))
    else:
        import skimage.data
        import skimage.io

        # `stereo_motorcycle` would download the disparity map; the left picture alone comes with the package.
        image = (
            skimage.io.imread(f"{skimage.data.data_dir}/motorcycle_left.png")
            if name == "motorcycle"
            else (getattr(skimage.data, name)())
        )
    image = image[..., :3]
    if name in _FROM_JPEG:
        image = _halve(image)
    return np.ascontiguousarray(image)


def _halve(image: np.ndarray) -> np.ndarray:
    height, width = (n // 2 * 2 for n in image.shape[:2])
    blocks = image[:height, :width].reshape(height // 2, 2, width // 2, 2, 3).astype(np.uint16)
    return ((blocks.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8)
