"""The evidence pack: how well an artefact describes experience, and how sure that is."""

from models.evaluate.report import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
