"""Initialise H-net for short trainings: the coarse secret image replaces the finest coefficient of the cover.

From PyTorch's random start one short training was seen to end where the secret's colours had replaced the cover's.
This start leaves the cover nearly as it is: in every 2x2 block the coefficient of the checkerboard (HH of the Haar
transform), which holds least of a picture, is replaced by the mean of the secret image in that block. Everything else
of both networks starts at random, and all of it is trained.
"""

import keras
import numpy as np

SLOPE = 6.0
"""Slope of the line through 0.5 that replaces the inverse of H-net's sigmoid."""
AMPLITUDE = 0.4
"""Amplitude of the secret image in the checkerboard, before the sigmoid."""
OTHERS = 0.1
"""What the last layer's other weights are scaled by."""
CHECKERBOARD = np.array([[1, -1], [-1, 1]])


def start_in_haar(hiding: keras.Model) -> None:
    """Set some weights of a new ``HNet``'s first and last layers; the others of the last are scaled down.

    With all others 0 the container is sigmoid(6 (cover - cover's HH) - 3 + 0.4 checkerboard * secret's block mean).
    """
    first, last = hiding.get_layer("h_net_conv2d_1"), hiding.get_layer("h_net_conv_transpose2d_30")
    coding = keras.ops.convert_to_numpy(first.kernel).copy()
    decoding, offset = (keras.ops.convert_to_numpy(weight).copy() for weight in (last.kernel, last.bias))
    # Of both kernels, 4x4 at stride 2, the middle 2x2 lies on the block. The first layer's outputs are not negative
    # here, so that the activations behind it change nothing; the last layer gets them first.
    pixels, means = np.arange(12).reshape(2, 2, 3), 12 + np.arange(3)
    coding[..., :15] = 0
    decoding *= OTHERS
    decoding[:, :, :, :15] = 0
    for channel in range(3):
        for y, x in np.ndindex(2, 2):
            coding[1 + y, 1 + x, channel, pixels[y, x, channel]] = 1
            kept = -CHECKERBOARD[y, x] * CHECKERBOARD / 4
            kept[y, x] += 1
            decoding[1:3, 1:3, channel, pixels[y, x, channel]] = SLOPE * kept
        coding[1:3, 1:3, 3 + channel, means[channel]] = 1 / 4
        decoding[1:3, 1:3, channel, means[channel]] = AMPLITUDE * CHECKERBOARD
    offset[...] = -SLOPE / 2
    first.kernel.assign(coding)
    last.kernel.assign(decoding)
    last.bias.assign(offset)
