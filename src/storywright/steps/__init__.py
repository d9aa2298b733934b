"""The steps of the factory, one module each; `contract` says what a step is."""
