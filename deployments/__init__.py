"""How it is run: deployments and automations as data, intake, worker, command line."""
