"""From a checkpoint to files that compute exactly what was trained."""
