"""RAISE8K as a TFDS data set."""
