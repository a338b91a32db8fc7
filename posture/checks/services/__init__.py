"""Checks of services facts."""
