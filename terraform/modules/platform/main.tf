# One environment, whole. Environments differ only in what they pass in.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  name    = "storywright-${var.environment}"
  account = data.aws_caller_identity.current.account_id

  # What each bucket holds, and for how long.
  buckets = {
    artifacts = { expire_days = var.keep_artifacts_days }
    data      = { expire_days = null }
    models    = { expire_days = null }
  }
}

module "keys" {
  source = "../keys"

  name          = local.name
  deletion_days = var.protected ? 30 : 7
}

module "network" {
  source = "../network"

  name                = local.name
  cidr                = var.network.cidr
  zones               = var.network.zones
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
  log_key_arn         = module.keys.arns.records
  log_days            = var.log_days
}

module "cluster" {
  source = "../cluster"

  name                     = local.name
  kubernetes_version       = var.kubernetes_version
  control_plane_subnet_ids = values(module.network.intra_subnet_ids)
  node_subnet_ids          = module.network.private_subnet_ids
  api_allowed_cidrs        = var.api_allowed_cidrs
  administrators           = var.administrators
  nodes                    = var.nodes
  secrets_key_arn          = module.keys.arns.cluster
  log_key_arn              = module.keys.arns.records
  log_days                 = var.log_days
}

module "storage" {
  source   = "../storage"
  for_each = local.buckets

  name          = "${local.name}-${each.key}-${local.account}"
  key_arn       = module.keys.arns.storage
  expire_days   = each.value.expire_days
  force_destroy = !var.protected
}

module "files" {
  source = "../files"

  name                       = local.name
  key_arn                    = module.keys.arns.storage
  protected                  = var.protected
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.intra_subnet_ids
  allowed_security_group_ids = { cluster = module.cluster.security_group_id }
}

module "registry" {
  source = "../registry"

  name         = local.name
  images       = ["data", "train", "serve", "mlflow"]
  key_arn      = module.keys.arns.registry
  force_delete = !var.protected
}

module "database" {
  source = "../database"

  name                       = local.name
  instance_class             = var.database.instance_class
  storage_gb                 = var.database.storage_gb
  max_storage_gb             = var.database.max_storage_gb
  backup_days                = var.database.backup_days
  protected                  = var.protected
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = values(module.network.intra_subnet_ids)
  allowed_security_group_ids = { cluster = module.cluster.security_group_id }
  key_arn                    = module.keys.arns.database
  secrets_key_arn            = module.keys.arns.secrets
  log_key_arn                = module.keys.arns.records
  log_days                   = var.log_days
}

module "workloads" {
  source = "../workloads"

  name                              = local.name
  cluster_name                      = module.cluster.name
  identity_provider                 = module.cluster.identity_provider
  bucket_arns                       = { for bucket, storage in module.storage : bucket => storage.arn }
  repository_arns                   = values(module.registry.arns)
  storage_key_arn                   = module.keys.arns.storage
  secrets_key_arn                   = module.keys.arns.secrets
  database_administrator_secret_arn = module.database.administrator_secret_arn
}

module "alarms" {
  source = "../alarms"

  name               = local.name
  environment        = var.environment
  emails             = var.alarm_emails
  monthly_budget_usd = var.monthly_budget_usd
  cluster_name       = module.cluster.name
  nat_gateway_ids    = module.network.nat_gateway_ids
  key_arn            = module.keys.arns.records
  database = {
    identifier      = module.database.identifier
    storage_gb      = var.database.storage_gb
    max_connections = var.database.max_connections
  }
}
