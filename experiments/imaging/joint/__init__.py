"""Camera and forensic network trained together (Korus and Memon 2019, section 5.2)."""
