output "address" {
  description = "What the addresses of all images begin with."
  value       = trimsuffix(values(aws_ecr_repository.this)[0].repository_url, "/${keys(aws_ecr_repository.this)[0]}")
}

output "urls" {
  description = "Address of each image's repository, without a tag."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "arns" {
  description = "ARNs of the repositories by image, for those who push."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.arn }
}
