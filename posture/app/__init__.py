"""The only place that wires scanners, checks, models, reports and the store together."""
