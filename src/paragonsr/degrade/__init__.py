"""High resolution tiles become low resolution ones: at random for training, by a fixed pattern for validation."""
