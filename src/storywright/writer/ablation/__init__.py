"""Which architecture writes better, shown honestly: a list of configurations on the same hard stories."""
