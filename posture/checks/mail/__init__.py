"""Checks of mail facts."""
