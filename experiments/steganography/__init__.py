"""Training and tables of the steganography paper (Pham Van, Dinh and Thanh 2019)."""
