# The one vocabulary of the project: people, hooks and CI call the same targets.
PYTHON ?= python3
PRESET ?= demo
VENV   := .venv
BIN    := $(VENV)/bin
EXTRAS := train,serve,export,pipelines,monitor,voice,styles,onnx,dev
BRIEF  ?= examples/briefs/morning-run.yaml
ACCELERATOR ?= cpu
TERRAFORM_TOOLS := .venv-terraform

.DEFAULT_GOAL := help
.PHONY: help setup demo repro test test-fast test-terraform test-manifests images test-images release bench-draw bench-train bench-onnx bench-steps bench-reference soak-training bench-material bench-studio bench-writer bench-metrics bench-serve bench-drift bench-watch dashboards soak-api bench-feedback soak-durability soak ablation loop-demo check format serve mlflow clean

help:  ## show what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed  ## make .venv and install everything into it

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v in ((3, 11), (3, 12)) else f"storywright needs Python 3.11 or 3.12, and {sys.executable} is {v[0]}.{v[1]}: run make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

demo: setup  ## train, promote and draw a first storyboard, from nothing, in ten minutes
	@$(BIN)/python -m pipelines run training --preset $(PRESET)
	@$(BIN)/storywright board $(BRIEF) --out out/demo
	@printf '\n%s\n' \
	  'The boards   out/demo/index.html' \
	  'The report   factory/evaluate/report/report.html' \
	  'The runs     make mlflow, then http://127.0.0.1:5000' \
	  'The studio   make serve, then http://127.0.0.1:8000'

repro: setup  ## the same steps under DVC; with nothing changed it does nothing
	@PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro

test: setup  ## run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-fast: setup  ## run the tests that take less than ten seconds
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not slow and not system'

test-terraform: setup $(TERRAFORM_TOOLS)/.installed  ## test the modules, and apply and destroy dev on loopback
	@STORYWRIGHT_TERRAFORM_TOOLS="$(CURDIR)/$(TERRAFORM_TOOLS)/bin" $(BIN)/python -m pytest tests/infra/test_terraform.py tests/infra/test_terraform_apply.py

test-manifests: setup $(TERRAFORM_TOOLS)/.installed  ## check every Kubernetes object: schemas, Pod Security, checkov
	@STORYWRIGHT_TERRAFORM_TOOLS="$(CURDIR)/$(TERRAFORM_TOOLS)/bin" $(BIN)/python -m pytest tests/infra/test_manifests.py tests/infra/test_manifests_pipelines.py

images: setup  ## build the images of this commit: data, train, serve, mlflow (ACCELERATOR=cuda: with NVIDIA's libraries)
	@$(BIN)/python components/images/build.py --accelerator $(ACCELERATOR)

test-images: setup  ## build the images and run everything in them, on an engine of its own; root, docker.io, debootstrap; half an hour
	@STORYWRIGHT_IMAGES=1 STORYWRIGHT_REQUIRE_SYSTEM=1 $(BIN)/python -m pytest -p no:randomly tests/infra/test_images.py tests/infra/test_images_engine.py

release: setup  ## build, test, scan, sign and tag the commit; says what was left out, and why
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python infra/release/release.py $(RELEASE)

# checkov pins what others want newer, so these tools are kept apart.
$(TERRAFORM_TOOLS)/.installed: terraform/requirements.txt
	$(PYTHON) -m venv $(TERRAFORM_TOOLS)
	$(TERRAFORM_TOOLS)/bin/python -m pip install --quiet --upgrade pip
	$(TERRAFORM_TOOLS)/bin/python -m pip install --quiet --requirement terraform/requirements.txt
	@touch $@

check: setup  ## format, lint, types, floors, and everything that is generated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/schema.py --check
	$(BIN)/python docs/screens.py --check
	$(BIN)/python -m pipelines compile --check
	$(BIN)/python -m pipelines readmes --check
	$(BIN)/python monitoring/grafana/dashboards.py --check
	$(BIN)/python infra/kubernetes/rules.py --check
	$(BIN)/python infra/kubernetes/fill.py --check
	$(BIN)/python terraform/documents.py --check

bench-draw: setup  ## measure what a panel and a clip cost
	@$(BIN)/python benchmarks/bench_draw.py --out docs/results/illustrator/speed.json

bench-train: setup  ## measure a training step beside diffusers' example (eight minutes, on a quiet machine)
	@$(BIN)/python benchmarks/bench_train.py --out docs/results/training.md

bench-onnx: setup  ## measure size, speed and loss of quality of the illustrator for small devices
	@$(BIN)/python benchmarks/bench_onnx.py --out docs/results/illustrator/onnx.md

bench-steps: setup  ## measure what drawing in fewer steps loses, by solver
	@$(BIN)/python benchmarks/bench_steps.py --out docs/results/illustrator/steps.md

bench-reference: setup  ## measure how well somebody's looks are kept from a reference picture
	@$(BIN)/python benchmarks/bench_reference.py --out docs/results/illustrator/reference.md

soak-training: setup  ## kill a training twenty times at random moments, and compare the bits it ends with
	@STORYWRIGHT_SOAK_KILLS=$${KILLS:-20} $(BIN)/python -m pytest tests/training/test_loop.py -k killed_at_random -p no:randomly

bench-studio: setup  ## measure boards, exports, adapted events, and how well people and product keep their looks
	@$(BIN)/python benchmarks/bench_board.py --out docs/results/studio.md
	@$(BIN)/python benchmarks/bench_adaptation.py --out docs/results/studio.md
	@$(BIN)/python benchmarks/bench_consistency.py --out docs/results/studio.md

bench-material: setup  ## measure crawler, drawn world and corpus against their bars
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@$(BIN)/python benchmarks/bench_material.py --out docs/results/material.md

bench-writer: setup  ## measure how fast and how good the embedded writer is
	@$(BIN)/python benchmarks/bench_writer.py
	@$(BIN)/python benchmarks/bench_writer.py --quality docs/results/writer

loop-demo: setup  ## a year of the loop in minutes: people, drift, retraining, gates, swap, rollback (prometheus, prometheus-alertmanager)
	@$(BIN)/python -m examples.loop.demo --out docs/results/loop.md

bench-serve: setup  ## measure drawing in service beside LitServe and MLflow, overload and the end (six minutes)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@$(BIN)/python benchmarks/bench_serve.py

bench-drift: setup  ## measure how often drift is seen where there is none, and found where there is some (a few minutes)
	@$(BIN)/python benchmarks/bench_drift.py --out docs/results/drift.md

bench-watch: setup  ## measure what watching costs a request, a scrape and a training step (two minutes, on a quiet machine)
	@$(BIN)/python benchmarks/bench_watch.py --out docs/results/watching.md

dashboards: setup  ## draw the dashboards from the Prometheus at 127.0.0.1:9090 into docs/dashboards
	@$(BIN)/python monitoring/grafana/pictures.py --out docs/dashboards --minutes $${MINUTES:-60}

soak-api: setup  ## ask every operation of the API 500 times, with what is allowed and what is not (an hour or more)
	@STORYWRIGHT_SOAK_EXAMPLES=$${EXAMPLES:-500} $(BIN)/python -m pytest tests/server/test_schemathesis.py -p no:randomly

bench-feedback: setup  ## measure how many words of feedback are acknowledged in a second (a minute, on a quiet machine)
	@$(BIN)/python benchmarks/bench_feedback.py --out docs/results/feedback.md

soak-durability: setup  ## kill the server two hundred times while feedback and edits arrive (three minutes)
	@$(BIN)/python benchmarks/soak_durability.py --kills 200 --out docs/results/durability.md

soak: soak-durability soak-api  ## every soak of the server

bench-metrics: setup  ## compare BLEU, CIDEr-D and ROUGE-L with pycocoevalcap (CAPTIONS=FILE: on real ones too)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps pycocoevalcap
	@$(BIN)/python benchmarks/bench_metrics.py $(if $(CAPTIONS),--captions $(CAPTIONS))

ablation: setup  ## compare architectures of the writer; a comparison that was ended goes on where it was
	@nice -n 5 $(BIN)/storywright ablate

format: setup  ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

serve: setup  ## the page and the API on http://127.0.0.1:8000
	@$(BIN)/storywright serve

mlflow: setup  ## MLflow's own page on http://127.0.0.1:5000
	@$(BIN)/mlflow server --workers 1 --backend-store-uri sqlite:///factory/mlflow/mlflow.db

clean:  ## remove what was made: factory/, out/ and caches; .venv stays
	rm -rf factory out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
