"""Acts that take long: they begin at once and go on beside the request. Begin with `beside.py`."""
