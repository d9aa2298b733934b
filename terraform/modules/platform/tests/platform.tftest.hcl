mock_provider "aws" {
  source = "../../mocks"
}

variables {
  environment        = "test"
  protected          = true
  administrators     = { platform = "arn:aws:iam::123456789012:role/platform" }
  network            = { cidr = "10.20.0.0/16", zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"], nat = "per_zone" }
  database           = { instance_class = "db.m7g.large", storage_gb = 100, max_storage_gb = 200, backup_days = 30, max_connections = 800 }
  log_days           = 365
  monthly_budget_usd = 400
  alarm_emails       = ["team@example.org"]
  nodes = {
    system = { instance_types = ["m7i.xlarge"], min = 2, max = 4 }
    cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge"], max = 4 }
    gpu    = { instance_types = ["g6.xlarge"], max = 2 }
  }
}

run "what_the_manifests_need_is_said_in_plain_strings" {
  assert {
    condition = length(setsubtract([
      "account_id", "alarm_topic", "bucket_artifacts", "bucket_data", "bucket_models", "cluster_name", "database_administrator_secret",
      "database_host", "database_port", "database_resource_id", "environment", "image_data", "image_mlflow", "image_serve", "image_train",
      "file_system", "network_cidr", "pool_label", "registry", "publisher_policy", "region", "role_autoscaler", "role_external_secrets", "role_kfp", "role_mlflow",
      "role_scraper", "role_server", "role_trainer", "secret_prefix",
    ], keys(output.kubernetes))) == 0
    error_message = "A manifest would miss a value."
  }
  assert {
    condition     = alltrue([for value in values(output.kubernetes) : value != null && value != ""])
    error_message = "A value is empty."
  }
  assert {
    condition     = output.kubernetes.secret_prefix == "storywright-test" && output.kubernetes.database_port == "5432"
    error_message = "A value is not what it says."
  }
}

run "a_protected_environment_with_short_backups_is_refused" {
  command = plan
  variables {
    database = { instance_class = "db.m7g.large", storage_gb = 100, max_storage_gb = 200, backup_days = 7, max_connections = 800 }
  }
  expect_failures = [var.database]
}

run "a_protected_environment_with_short_logs_is_refused" {
  command = plan
  variables {
    log_days = 30
  }
  expect_failures = [var.log_days]
}

run "a_long_name_is_refused" {
  command = plan
  variables {
    environment = "Development-2"
  }
  expect_failures = [var.environment]
}
