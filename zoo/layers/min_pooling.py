"""Min pooling: the counterpart of max pooling, which Keras does not have."""

import keras


@keras.saving.register_keras_serializable(package="forensics_zoo")
class MinPooling2D(keras.layers.MaxPooling2D):
    """Take the minimum of every window; arguments, shapes and padding as for ``keras.layers.MaxPooling2D``.

    Kang et al. 2014 ("Convolutional neural networks for no-reference image quality assessment", section 3.3) put it
    next to max pooling, behind a convolution without a nonlinearity, where both ends of the responses tell something.
    """

    def call(self, inputs: "keras.KerasTensor") -> "keras.KerasTensor":
        """Pool (batch, height, width, channels)."""
        return -super().call(-inputs)
