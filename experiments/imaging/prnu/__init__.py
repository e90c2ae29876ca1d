"""PRNU across imaging pipelines (Korus and Memon 2019, section 3.3)."""
