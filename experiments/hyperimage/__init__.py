"""The experiments of Chandakkar and Li 2017; ``family.py`` lists them."""
