output "name" {
  description = "Prefix of every name in this environment."
  value       = local.name
}

output "secrets_key_arn" {
  description = "ARN of the key that encrypts the secrets."
  value       = module.keys.arns.secrets
}

output "kubernetes" {
  description = "What infra/kubernetes/overlays/aws is filled in with: plain names, plain strings, nothing secret."
  value = merge(
    {
      environment                   = var.environment
      region                        = data.aws_region.current.name
      account_id                    = local.account
      network_cidr                  = var.network.cidr
      cluster_name                  = module.cluster.name
      pool_label                    = module.cluster.pool_label
      file_system                   = module.files.file_system_id
      s3_cidrs                      = join(",", module.network.s3_cidrs)
      registry                      = module.registry.address
      database_host                 = module.database.host
      database_port                 = tostring(module.database.port)
      database_resource_id          = module.database.resource_id
      database_administrator_secret = module.database.administrator_secret_arn
      secret_prefix                 = local.name
      alarm_topic                   = module.alarms.topic_arn
      publisher_policy              = module.workloads.publisher_policy_arn
    },
    { for bucket, storage in module.storage : "bucket_${bucket}" => storage.name },
    { for image, url in module.registry.urls : "image_${image}" => url },
    { for workload, arn in module.workloads.role_arns : "role_${workload}" => arn },
  )
}
