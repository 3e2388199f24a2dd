"""What runs beside a test: processes that may die, flows of a test's own. Begin with `flow.py`."""
