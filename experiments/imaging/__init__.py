"""The experiments of Korus and Memon 2019; ``family.py`` lists them."""
