"""The tables and figures of Pham Van et al. 2019."""
