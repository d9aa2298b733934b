# Development: cheap, and gone without a trace when it is destroyed.

locals {
  environment = "dev"
  protected   = false
}

module "platform" {
  source = "../../modules/platform"

  environment       = local.environment
  protected         = local.protected
  administrators    = var.administrators
  api_allowed_cidrs = var.api_allowed_cidrs
  alarm_emails      = var.alarm_emails

  network = {
    cidr  = "10.20.0.0/16"
    zones = [for letter in ["a", "b", "c"] : "${var.region}${letter}"]
    nat   = "single"
  }

  nodes = {
    system = { instance_types = ["t3.large", "t3a.large"], min = 2, max = 4 }
    cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge", "m6a.xlarge", "m5.xlarge"], max = 4 }
    gpu    = { instance_types = ["g6.xlarge", "g5.xlarge"], max = 1, spot = true }
  }

  database = {
    instance_class  = "db.t4g.small"
    storage_gb      = 20
    max_storage_gb  = 50
    backup_days     = 7
    max_connections = 180
  }

  keep_artifacts_days = 60
  log_days            = 30
  monthly_budget_usd  = 450
}

module "secrets" {
  source = "../../modules/secrets"

  name          = module.platform.name
  key_arn       = module.platform.secrets_key_arn
  recovery_days = local.protected ? 30 : 0
}
