"""Requests of our own to configured hosts only; never to a target."""
