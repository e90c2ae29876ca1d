"""Networks that develop RAW files (Korus and Memon 2019, Tables 1 and 2)."""
