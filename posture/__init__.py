"""posture: external security posture turned into an underwriting decision.

Scanners see, posture judges, models price, reports explain.
"""

__version__ = "0.1.0"
