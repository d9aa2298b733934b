output "urls" {
  description = "Address of each image's repository, without a tag."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "arns" {
  description = "ARNs of the repositories by image, for those who push."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.arn }
}
