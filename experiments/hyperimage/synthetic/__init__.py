"""The synthetic task (Chandakkar and Li 2017, Table 1)."""
