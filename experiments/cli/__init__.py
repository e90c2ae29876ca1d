"""The ``zoo`` command."""
