"""Whether each lever would work now, tried without harm. Begin with `levers.py`."""
