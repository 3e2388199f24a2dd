"""The intake: receives alerts, sends pages at once, shows incidents. Begin with `app.py`."""
