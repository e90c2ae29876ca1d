"""TID2013 as a TensorFlow Datasets builder: ``tid2013_dataset_builder.Builder``."""
