variable "name" {
  description = "Prefix of the secrets, for example storywright-dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name))
    error_message = "The prefix of the secrets has lower-case letters, digits and hyphens, for example storywright-dev."
  }
}

variable "key_arn" {
  description = "ARN of the key that encrypts the secrets."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "Secrets are always encrypted with a key of ours: give the ARN of a KMS key."
  }
}

variable "recovery_days" {
  description = "Days in which a deleted secret can still be brought back; 0 only where nothing is worth keeping."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "Secrets Manager keeps a deleted secret for 7 to 30 days, or not at all with 0."
  }
}

variable "rotations" {
  description = "How often a secret was replaced: raise its number and apply to make a new one, for example { api-key = 2 }."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for number in values(var.rotations) : number >= 1 && floor(number) == number])
    error_message = "A rotation is a whole number from 1 that only grows."
  }
}
