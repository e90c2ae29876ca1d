"""Carrara et al. 2018: training of the small stand-ins, Tables 1 to 4, Figures 2 to 6, the text, adaptive attacks."""
