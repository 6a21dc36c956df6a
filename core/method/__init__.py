"""The method, one file per step: arrays and frozen parameters in, new arrays out."""
