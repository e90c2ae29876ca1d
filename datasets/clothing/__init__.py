"""The clothing photographs as a TensorFlow Datasets builder: ``clothing_dataset_builder.Builder``."""
