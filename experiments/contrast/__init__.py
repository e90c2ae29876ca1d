"""Barni et al. 2018: training, Tables I and II, the numbers of the text."""
