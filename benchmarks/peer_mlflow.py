"""The illustrator as a pyfunc, for bench_serve.py: MLflow keeps this file as the model and runs it in its server."""

from typing import Any

import mlflow
from bench_serve import drawn, illustrator


class Drawn(mlflow.pyfunc.PythonModel):
    """Draws the rows of a request."""

    def load_context(self, context: Any) -> None:
        """Open the model, in each worker."""
        self.illustrator = illustrator(8)

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """A Base64 PNG for each row."""
        return drawn(self.illustrator, model_input.to_dict("records"))


mlflow.models.set_model(Drawn())
