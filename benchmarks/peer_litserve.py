"""The illustrator behind LitServe, for bench_serve.py: `python peer_litserve.py PORT BATCH WORKERS` serves it."""

import sys
from typing import Any

import litserve
from bench_serve import LIT_TIMEOUT, drawn, illustrator


class Drawing(litserve.LitAPI):
    """Draws what LitServe has put into a batch; pictures of one size and steps together."""

    def setup(self, device: str) -> None:
        """Open the model, in each worker."""
        self.model = illustrator(self.max_batch_size)

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        """The payload is what is drawn."""
        return request

    def batch(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A list, because the payloads differ."""
        return list(inputs)

    def predict(self, inputs: Any) -> Any:
        """Draw one, or a batch."""
        return drawn(self.model, inputs) if isinstance(inputs, list) else drawn(self.model, [inputs])[0]

    def unbatch(self, output: list[str]) -> list[str]:
        """A picture for each."""
        return output

    def encode_response(self, output: str) -> dict[str, str]:
        """As JSON."""
        return {"image": output}


if __name__ == "__main__":
    port, batch, workers = map(int, sys.argv[1:4])
    api = Drawing(max_batch_size=batch, batch_timeout=LIT_TIMEOUT if batch > 1 else 0.0)
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=workers, timeout=120)
    server.run(port=port, host="127.0.0.1", log_level="error", generate_client_file=False)
