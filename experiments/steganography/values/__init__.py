"""The numbers printed in the paper's tables, transcribed once."""
