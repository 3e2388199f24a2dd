"""Asks people to approve, takes their word, says whether enough have. Begin with `require.py`."""
