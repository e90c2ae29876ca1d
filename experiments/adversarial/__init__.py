"""The experiments of Carrara et al. 2018; ``family.py`` lists them."""
