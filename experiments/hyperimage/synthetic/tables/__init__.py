"""Table 1 and what it leaves open."""
