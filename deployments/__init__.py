"""How it is run: deployments and automations as data, the intake, the worker, the `aeef` command."""
