output "arns" {
  description = "ARN of the key of each purpose: cluster, storage, registry, database, secrets, records."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}
