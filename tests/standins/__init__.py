"""Servers on the loopback that speak a vendor's protocol and can fail. Begin with `standin.py`."""
