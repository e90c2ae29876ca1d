"""RAISE8K as a TensorFlow Datasets builder: ``from zoo.datasets.raise8k.raise8k_dataset_builder import Builder``."""
