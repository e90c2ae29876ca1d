"""The experiments of Pham Van et al. 2019; ``family.py`` lists them."""
