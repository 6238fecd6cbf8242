"""Figures that can be trusted, measured on the shipped file through the real runtime."""
