#!/usr/bin/env bash
# Writes infra/.env: the tag of the images and a new password for each service. What stands there is kept.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
touch .env
add() { grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >>.env; }
word() { openssl rand -hex 24; }
add STORYWRIGHT_TAG "$(git rev-parse HEAD)"
for name in POSTGRES_PASSWORD STUDIO_PASSWORD MLFLOW_DATABASE_PASSWORD TUNING_PASSWORD MLFLOW_PASSWORD MLFLOW_SESSION_KEY API_KEY GRAFANA_PASSWORD; do
    add "$name" "$(word)"
done
add MLFLOW_WEBHOOKS_KEY "$(openssl rand -base64 32 | tr '+/' '-_')"
echo 'infra/.env is complete; it is for your eyes only.'
