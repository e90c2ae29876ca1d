"""The numbers printed in the paper's tables, transcribed once: EER accuracies in percent."""
