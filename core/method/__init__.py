"""The method, one file a step: arrays and frozen parameters in, new arrays out."""
