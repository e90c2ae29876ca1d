"""LIVE image quality as a TensorFlow Datasets builder: ``live_iqa_dataset_builder.Builder``."""
