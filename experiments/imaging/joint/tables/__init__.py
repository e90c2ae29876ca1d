"""Tables 4 and S1, and Figures 7 to 10, S4 and S5."""
