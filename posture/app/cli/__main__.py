"""`python -m posture.app.cli` is `posture`."""

from posture.app.cli import main

main()
