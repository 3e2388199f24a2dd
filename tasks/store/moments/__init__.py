"""When what happened in an incident, noted with the change that brought it about. `moments.py`."""
