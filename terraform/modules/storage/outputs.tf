output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "ARN of the bucket, for the roles that read and write it."
  value       = aws_s3_bucket.this.arn
}
