"""Forgery: authentic or tampered (Chandakkar and Li 2017, Table 3)."""
