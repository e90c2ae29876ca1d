"""Table 2, and the quality scorer on photographs."""
