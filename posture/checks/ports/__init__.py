"""Checks of ports facts."""
