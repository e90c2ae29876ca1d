"""No-reference quality (Chandakkar and Li 2017, Table 2)."""
