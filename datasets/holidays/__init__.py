"""INRIA Holidays for TFDS: ``from zoo.datasets.holidays.holidays_dataset_builder import Builder``."""
