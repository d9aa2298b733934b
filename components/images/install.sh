#!/bin/sh
# install.sh LOCK: what the lock names goes into /opt/venv, and nothing else. First come files that fit their hashes, packages without
# a wheel among them built here; then those files alone are installed, without any index.
set -eu
/opt/tools/bin/pip wheel --quiet --require-hashes --no-deps --no-build-isolation --wheel-dir /wheels --requirement "$1"
/opt/tools/bin/pip --python /opt/venv/bin/python install --quiet --no-deps --no-index /wheels/*
/opt/tools/bin/pip --python /opt/venv/bin/python check
rm -r /wheels
