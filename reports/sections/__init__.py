"""The parts of each report, put into words: one module per audience, and what they share."""
