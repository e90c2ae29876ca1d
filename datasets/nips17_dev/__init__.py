"""The NIPS 2017 DEV set as TFDS builder: ``from zoo.datasets.nips17_dev.nips17_dev_dataset_builder import Builder``."""
