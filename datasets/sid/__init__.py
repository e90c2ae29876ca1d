"""See-in-the-Dark (Sony) for TensorFlow Datasets: ``zoo.datasets.sid.sid_dataset_builder.Builder``."""
