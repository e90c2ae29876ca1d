"""CASIA-2 as a TensorFlow Datasets builder: ``casia2_dataset_builder.Builder``."""
