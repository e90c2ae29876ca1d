"""Korus and Memon 2019: training of the neural imaging pipelines, and the paper's tables."""
