"""Table 2, and what a scorer of photographs is worth."""
