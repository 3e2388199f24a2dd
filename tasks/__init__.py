"""The steps of the runbooks: one folder for each subject; `step.py` decorates each of them."""
