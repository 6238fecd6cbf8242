"""Losses: plain modules, tensors in, scalar out."""
