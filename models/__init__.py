"""Features to score, score to tier, loading and premium. Scoring needs neither numpy nor scikit-learn."""

from models.underwrite import Result, assess

__all__ = ["Result", "assess"]
