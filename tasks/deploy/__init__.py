"""How a target is deployed, what runs, whether it may be changed. Begin with `deployer.py`."""
