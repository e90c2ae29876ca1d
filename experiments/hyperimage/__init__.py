"""Chandakkar and Li 2017: the trainings and Tables 1 to 5."""
