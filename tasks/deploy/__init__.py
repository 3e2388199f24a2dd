"""Deploying a target, its running release, deployment freezes. Begin with `deployer.py`."""
