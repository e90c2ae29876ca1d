"""Table 3, and pictures and places of splices beside baselines without training."""
