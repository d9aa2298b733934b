#!/usr/bin/env bash
# Writes infra/.env: the tag of the images and a new password for each service. What stands there is kept. Then looks
# whether the images of that tag are on this machine, unless a registry has them.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
touch .env
add() { grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >>.env; }
word() { openssl rand -hex 24; }
add STORYWRIGHT_TAG "$(git rev-parse HEAD)"
for name in POSTGRES_PASSWORD STUDIO_PASSWORD MLFLOW_DATABASE_PASSWORD TUNING_PASSWORD MLFLOW_PASSWORD MLFLOW_SESSION_KEY \
    REGISTRY_SECRET API_KEY PROBE_KEY GRAFANA_PASSWORD; do
    add "$name" "$(word)"
done
add MLFLOW_WEBHOOKS_KEY "$(openssl rand -base64 32 | tr '+/' '-_')"
echo 'infra/.env is complete; it is for your eyes only.'

value() { sed -n "s/^$1=//p" .env; }
if [ -z "$(value STORYWRIGHT_REGISTRY)" ] && docker info >/dev/null 2>&1; then
    for image in serve train mlflow; do
        docker image inspect "storywright-$image:$(value STORYWRIGHT_TAG)" >/dev/null 2>&1 || {
            echo "make-env: there is no image storywright-$image:$(value STORYWRIGHT_TAG): run \`make images\` on that commit, change" \
                "STORYWRIGHT_TAG in infra/.env to a tag that \`docker images\` lists, or name a STORYWRIGHT_REGISTRY there." >&2
            exit 2
        }
    done
fi
