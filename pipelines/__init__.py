"""The factory's pipelines on Kubeflow Pipelines, and the commands that compile, run and submit them."""
