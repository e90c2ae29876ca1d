"""The tables of Barni et al. 2018."""
