"""Table 3, Figure 5, and their validation."""
