"""What watches the models in service: drift, health, feedback."""
