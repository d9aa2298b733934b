variable "name" {
  description = "Name of the instance, for example storywright-dev."
  type        = string
}

variable "engine_version" {
  description = "Major version of PostgreSQL; minor ones are kept up to date by RDS."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^1[5-9]$", var.engine_version))
    error_message = "Give the major version of PostgreSQL alone, 15 or newer, for example 17."
  }
}

variable "instance_class" {
  description = "Size of the machine, for example db.t4g.small."
  type        = string

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "An instance class is written like db.t4g.small."
  }
}

variable "storage_gb" {
  description = "Storage at the beginning; it grows by itself up to max_storage_gb."
  type        = number

  validation {
    condition     = var.storage_gb >= 20
    error_message = "RDS gives PostgreSQL at least 20 GB."
  }
}

variable "max_storage_gb" {
  description = "Storage up to which the database grows by itself."
  type        = number

  validation {
    condition     = var.max_storage_gb >= var.storage_gb * 1.1
    error_message = "max_storage_gb is at least a tenth above storage_gb, or the storage cannot grow."
  }
}

variable "backup_days" {
  description = "Days to any second of which the database can be brought back."
  type        = number

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "Backups are kept for 7 to 35 days."
  }
}

variable "protected" {
  description = "Whether the database survives a zone (a standby in another one) and refuses to be deleted."
  type        = bool
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a way out, in at least two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "A database needs subnets in at least two zones."
  }
}

variable "allowed_security_group_ids" {
  description = "Security groups that reach the database, by a name of your own; nobody else does."
  type        = map(string)
}

variable "key_arn" {
  description = "ARN of the key that encrypts storage, backups and insights."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "The database is always encrypted with a key of ours: give the ARN of a KMS key."
  }
}

variable "secrets_key_arn" {
  description = "ARN of the key that encrypts the administrator's password."
  type        = string
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the logs."
  type        = string
}

variable "log_days" {
  description = "Days for which the logs are kept."
  type        = number
}
