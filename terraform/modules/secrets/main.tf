# Passwords and keys that the workloads share. Each is made by Secrets Manager, goes from there into the secret, and is
# in no output and no state file. The cluster's External Secrets operator brings them into Kubernetes.

locals {
  # Letters and digits only, so that a password stands in a URL as it is.
  passwords = {
    database-studio = "PostgreSQL password of the role studio: boards, jobs, comments"
    database-mlflow = "PostgreSQL password of the role mlflow"
    database-tuning = "PostgreSQL password of the role tuning: Optuna's trials"
    api-key         = "Key that the API asks for (STORYWRIGHT_API_KEY)"
    probe-key       = "Key by which the probe orders its boards (STORYWRIGHT_PROBE_KEY)"
    registry-hook   = "Secret that MLflow signs with what it tells the servers (STORYWRIGHT_REGISTRY_SECRET)"
    alerts-token    = "Token that Alertmanager sends to the receiver (STORYWRIGHT_ALERTS_TOKEN)"
    mlflow-admin    = "Password of MLflow's administrator"
    mlflow-session  = "Key that signs MLflow's sessions (MLFLOW_FLASK_SERVER_SECRET_KEY)"
    grafana-admin   = "Password of Grafana's administrator"
  }
  # 32 bytes in base64, as Fernet takes them.
  fernet_keys = {
    mlflow-webhooks = "Key that encrypts the secrets of MLflow's webhooks (MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY)"
  }

  descriptions = merge(local.passwords, local.fernet_keys)
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = local.descriptions

  password_length     = contains(keys(local.fernet_keys), each.key) ? 32 : 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57:2026-11-20 a password is changed by raising its number in rotations, because its readers have to be restarted then; the database's administrator is rotated by RDS
  for_each = local.descriptions

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.descriptions

  secret_id                = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo_version = lookup(var.rotations, each.key, 1)
  secret_string_wo = (
    contains(keys(local.fernet_keys), each.key)
    ? base64encode(ephemeral.aws_secretsmanager_random_password.this[each.key].random_password)
    : ephemeral.aws_secretsmanager_random_password.this[each.key].random_password
  )
}
