"""tf.data pipelines and data sets, imported as ``zoo.datasets``."""
