"""Checks of web facts."""
