variable "name" {
  description = "Name of the bucket, unique in all of S3."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen."
  }
}

variable "key_arn" {
  description = "ARN of the key that encrypts the bucket."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "A bucket is always encrypted with a key of ours: give the ARN of a KMS key."
  }
}

variable "keep_old_versions_days" {
  description = "Days after which a replaced version is removed."
  type        = number
  default     = 90

  validation {
    condition     = var.keep_old_versions_days >= 7
    error_message = "Keep old versions for at least 7 days: a rollback may need them."
  }
}

variable "expire_days" {
  description = "Days after which an object is removed; null keeps everything."
  type        = number
  default     = null

  validation {
    condition     = var.expire_days == null ? true : var.expire_days > 30
    error_message = "Objects expire after more than 30 days, or never (null)."
  }
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with what is in it."
  type        = bool
  default     = false
}
