"""Who has a run or a target at the moment: take-overs of dead runs, and turns at a target."""
