# Development: one storage, which may be destroyed with what is in it.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region                      = var.region
  skip_credentials_validation = var.endpoint != null
  skip_metadata_api_check     = var.endpoint != null
  skip_requesting_account_id  = var.endpoint != null
  s3_use_path_style           = var.endpoint != null

  dynamic "endpoints" {
    for_each = var.endpoint[*]
    content {
      kms = endpoints.value
      s3  = endpoints.value
      sts = endpoints.value
    }
  }
}

module "storage" {
  source        = "../../modules/storage"
  name          = var.name
  force_destroy = true
  tags          = { project = "storywright", environment = "dev" }
}

variable "name" {
  description = "Name of the bucket, unique in all of S3."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "endpoint" {
  description = "Address of an S3-compatible service to use instead of AWS."
  type        = string
  default     = null
}

output "bucket" {
  description = "Name of the bucket, for .dvc/config and MLflow."
  value       = module.storage.bucket
}
