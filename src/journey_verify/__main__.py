"""`python -m journey_verify`, the same as `journey-verify`."""

from journey_verify.commands import main

main()
