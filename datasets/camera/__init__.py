"""A synthetic camera: scene to Bayer sensor with known PRNU and noise to a DNG file that LibRaw opens.

It is the offline default wherever RAW photographs are needed, and a ground truth that no real camera gives: the
sensor's fingerprint, the noise and the scene are all known.

    body = Body(CAMERAS["alder"], serial=1)
    scene = generate_linear_scene(keyed.generator(0, 7), 512, 768)
    mosaic = expose(scene, body, keyed.generator(0, 7, 1))
    write_dng("photo.dng", mosaic, body)
"""

from zoo.datasets.camera.dng import write_dng
from zoo.datasets.camera.models import CAMERAS, CameraModel
from zoo.datasets.camera.sensor import Body, as_raw, expose, linearise

__all__ = ["CAMERAS", "Body", "CameraModel", "as_raw", "expose", "linearise", "write_dng"]
