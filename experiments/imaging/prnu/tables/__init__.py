"""Table 3, Figure 5, and how far they may be believed."""
