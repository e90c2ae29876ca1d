"""MIT-Adobe FiveK for TensorFlow Datasets: ``zoo.datasets.mit_fivek.mit_fivek_dataset_builder.Builder``."""
