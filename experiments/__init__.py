"""The papers' tables, rebuilt; imported as ``zoo.experiments``."""
