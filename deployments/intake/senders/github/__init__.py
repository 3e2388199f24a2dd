"""GitHub's webhooks: deployments and findings. Begin with `webhooks.py`."""
