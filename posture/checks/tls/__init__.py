"""Checks of tls facts."""
