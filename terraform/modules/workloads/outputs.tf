output "role_arns" {
  description = "ARNs of the roles by workload, for the annotation eks.amazonaws.com/role-arn."
  value = merge(
    { for workload, role in module.role : workload => role.arn },
    { autoscaler = module.autoscaler_role.arn, external_secrets = module.external_secrets_role.arn },
  )
}

output "publisher_policy_arn" {
  description = "ARN of the policy for who pushes images and data sets."
  value       = aws_iam_policy.publisher.arn
}
