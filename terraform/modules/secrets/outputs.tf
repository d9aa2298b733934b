output "names" {
  description = "Names of the secrets; what is in them is in no output."
  value       = { for key, secret in aws_secretsmanager_secret.this : key => secret.name }
}
