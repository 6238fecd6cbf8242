"""Formulas and networks that judge pictures; several rooms use them."""
