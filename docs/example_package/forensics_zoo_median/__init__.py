"""Detection of median filtering: an example of a family that lives outside forensics-zoo."""
