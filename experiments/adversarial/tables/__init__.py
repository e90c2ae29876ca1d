"""The tables and figures of Carrara et al. 2018."""
