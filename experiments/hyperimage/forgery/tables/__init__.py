"""Table 3, and detection and localisation of splices next to baselines without training."""
