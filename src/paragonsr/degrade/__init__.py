"""Targets become low-resolution inputs: at random for training, by a fixed pattern for validation."""
