"""Checks of DNS facts."""
