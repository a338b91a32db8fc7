"""One module per format: each takes a finished document and gives bytes."""
