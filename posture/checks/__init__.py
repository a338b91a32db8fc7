"""Judgement: one pair of files per check, found by location (`area/name.py` and `area/name.toml`)."""
