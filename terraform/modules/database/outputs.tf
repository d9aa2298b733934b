output "host" {
  description = "Name under which the database is reached inside the network."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "identifier" {
  description = "Name of the instance, for the alarms."
  value       = aws_db_instance.this.identifier
}

output "resource_id" {
  description = "Id by which IAM policies name the database (rds-db:connect)."
  value       = aws_db_instance.this.resource_id
}

output "administrator_secret_arn" {
  description = "ARN of the secret in which RDS keeps the administrator's password; the password itself is in no output."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
