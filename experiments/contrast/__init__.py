"""The experiments of Barni et al. 2018; ``family.py`` lists them."""
