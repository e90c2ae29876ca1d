"""The numbers printed in the paper's tables, transcribed once: AUC in percent, rows by operator, columns by quality."""
