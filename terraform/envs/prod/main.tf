# Production: survives the loss of a zone, and refuses to be deleted.

locals {
  environment = "prod"
  protected   = true
}

module "platform" {
  source = "../../modules/platform"

  environment       = local.environment
  protected         = local.protected
  administrators    = var.administrators
  api_allowed_cidrs = var.api_allowed_cidrs
  alarm_emails      = var.alarm_emails

  network = {
    cidr                = "10.30.0.0/16"
    zones               = [for letter in ["a", "b", "c"] : "${var.region}${letter}"]
    nat                 = "per_zone"
    interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "sts"]
  }

  nodes = {
    system = { instance_types = ["m7i.xlarge", "m6i.xlarge"], min = 3, max = 9 }
    cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge", "m6a.xlarge", "m5.xlarge"], max = 20 }
    gpu    = { instance_types = ["g6.2xlarge", "g5.2xlarge"], max = 4 }
  }

  database = {
    instance_class  = "db.m7g.large"
    storage_gb      = 100
    max_storage_gb  = 500
    backup_days     = 30
    max_connections = 800
  }

  log_days           = 365
  monthly_budget_usd = 2000
}

module "secrets" {
  source = "../../modules/secrets"

  name          = module.platform.name
  key_arn       = module.platform.secrets_key_arn
  recovery_days = local.protected ? 30 : 0
}
