variable "name" {
  description = "Prefix of every name, for example storywright-dev."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network; a /16 leaves room for 8,190 pods a zone."
  type        = string

  validation {
    condition     = try(tonumber(split("/", cidrsubnet(var.cidr, 0, 0))[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 18, false)
    error_message = "The network is a private IPv4 block between /16 and /18, for example 10.20.0.0/16."
  }
}

variable "zones" {
  description = "The three availability zones that the network spans."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) == 3 && length(var.zones) == 3
    error_message = "Name three different availability zones: one that fails must leave two."
  }
}

variable "nat" {
  description = "How private subnets reach out: single (one NAT gateway, cheaper, lost with its zone) or per_zone."
  type        = string

  validation {
    condition     = contains(["single", "per_zone"], var.nat)
    error_message = "nat is single or per_zone."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached without NAT, each at an hourly price per zone; S3 is always among them and free."
  type        = set(string)
  default     = []

  validation {
    condition = length(setsubtract(var.interface_endpoints, [
      "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "kms", "logs", "monitoring", "secretsmanager", "sts"
    ])) == 0
    error_message = "Known endpoints are autoscaling, ec2, ecr.api, ecr.dkr, eks, elasticloadbalancing, kms, logs, monitoring, secretsmanager and sts; S3 needs none."
  }
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the flow logs."
  type        = string
}

variable "log_days" {
  description = "Days for which flow logs are kept."
  type        = number

  validation {
    condition     = contains([30, 60, 90, 180, 365, 731], var.log_days)
    error_message = "Logs are kept for 30, 60, 90, 180, 365 or 731 days."
  }
}
