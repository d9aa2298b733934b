#!/bin/sh
# test.sh IMAGE: the tests of the components that run in this image, in a stage with the image's own libraries.
set -eu
export PATH="/opt/venv/bin:$PATH" HOME=/tmp PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
steps=$(grep -l "base_image=\"storywright-$1\"" components/*/component.py | cut -d/ -f2)

# Each step finds what it imports, and its values in both presets are what it takes.
# shellcheck disable=SC2086
python - $steps <<'PYTHON'
import sys
from storywright.steps import command, contract
for preset in ("demo", "full"):
    for step in sys.argv[1:]:
        contract.config_of(step, command.read_params(preset=preset)[step])
PYTHON

# So does the server, whose own tests need a browser and a database.
[ "$1" != serve ] || python -c 'import storywright.server.app'

# The fixtures of the trainings make small models, for which the other images have no libraries.
if [ "$1" = train ]; then
    python -m pipelines compile --out /tmp/compiled
else
    rm tests/steps/conftest.py
fi
tests=$(for step in $steps; do ls "tests/steps/test_$step.py" 2>/dev/null || true; done)
# shellcheck disable=SC2086
PYTHONPATH=/opt/tests python -m pytest -p no:cacheprovider --quiet -m 'not slow' $tests >tested.log 2>&1 || { cat tested.log; exit 1; }
tail -n 1 tested.log | tee tested.txt
