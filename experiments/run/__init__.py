"""Measure the cells of a table, write the CSV, and show it."""
