"""A large language model as the writer: the same interface, served by an endpoint or by a model on this machine."""
