variable "name" {
  description = "Prefix of every name, for example storywright-dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "A name has 3 to 31 lower-case letters, digits and hyphens and begins with a letter, for example storywright-dev."
  }
}

variable "deletion_days" {
  description = "Days in which a key that was scheduled for deletion can still be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_days >= 7 && var.deletion_days <= 30
    error_message = "AWS keeps a deleted key for 7 to 30 days."
  }
}
