terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, region and encryption key come from -backend-config=backend.hcl, which bootstrap/ prints.
  backend "s3" {
    key          = "storywright/prod.tfstate"
    use_lockfile = true
    encrypt      = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "storywright"
      environment = local.environment
      managed_by  = "terraform"
    }
  }
}
