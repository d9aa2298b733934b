variable "name" {
  description = "Name of the bucket, unique in all of S3."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen."
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

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with what is in it."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
