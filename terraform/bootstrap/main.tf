# The bucket in which the environments keep their state. Applied once for an account, with its own state on disk: what it
# holds is two names, and `terraform import` brings them back.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "storywright"
      environment = "shared"
      managed_by  = "terraform"
    }
  }
}

variable "region" {
  description = "AWS region of the state."
  type        = string
  default     = "eu-central-1"
}

data "aws_caller_identity" "current" {}

# Its policy is AWS's default for a key: the account's roles say who may use it.
resource "aws_kms_key" "state" {
  # checkov:skip=CKV2_AWS_64:2026-11-20 AWS's default policy, which leaves the decision to the account's roles, is what is wanted here
  description             = "Terraform state of storywright"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "state" {
  name          = "alias/storywright-state"
  target_key_id = aws_kms_key.state.key_id
}

module "state" {
  source = "../modules/storage"

  name                   = "storywright-state-${data.aws_caller_identity.current.account_id}"
  key_arn                = aws_kms_key.state.arn
  keep_old_versions_days = 365
}

output "backend" {
  description = "The file backend.hcl of an environment, but for its key: terraform output -raw backend."
  value       = <<-END
    bucket     = "${module.state.name}"
    region     = "${var.region}"
    kms_key_id = "${aws_kms_key.state.arn}"
  END
}
