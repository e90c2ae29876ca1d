"""What maintainers run in a checkout to publish results; not part of the installed package."""
