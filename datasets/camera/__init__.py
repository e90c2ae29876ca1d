"""A synthetic camera: scene to Bayer sensor with known PRNU and noise to a DNG file that LibRaw opens.

It is the offline default wherever RAW photographs are needed, and a ground truth that no real camera gives: the
sensor's fingerprint, the noise and the scene are all known.

    body = Body(CAMERAS["alder"], serial=1)
    mosaic = shoot(body, seed=0, index=7)
    write_dng("photo.dng", mosaic, body)
"""

from zoo.datasets.camera.dng import write_dng
from zoo.datasets.camera.models import CAMERAS, CameraModel
from zoo.datasets.camera.sensor import Body, as_raw, expose, linearise
from zoo.datasets.camera.shoot import shoot, shoot_folder

__all__ = ["CAMERAS", "Body", "CameraModel", "as_raw", "expose", "linearise", "shoot", "shoot_folder", "write_dng"]
