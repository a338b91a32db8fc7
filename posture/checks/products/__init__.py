"""Judges what the vulnerability feeds say of the products seen."""
