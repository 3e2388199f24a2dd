"""Who has a run or a target now: take-overs of dead runs, turns. Begin with `takeovers.py`."""
