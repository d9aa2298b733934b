variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "The name of a role has up to 64 letters, digits and any of +=,.@_-."
  }
}

variable "description" {
  description = "What those who take on the role may do, in a sentence."
  type        = string
}

variable "identity_provider" {
  description = "The cluster's OpenID Connect provider: its ARN, and its issuer without https://."
  type        = object({ arn = string, issuer = string })

  validation {
    condition     = !startswith(var.identity_provider.issuer, "https://")
    error_message = "Give the issuer without https://, as it stands in the conditions of a trust policy."
  }
}

variable "service_accounts" {
  description = "Who may take on the role, each as namespace:name."
  type        = set(string)

  validation {
    condition     = length(var.service_accounts) > 0 && alltrue([for account in var.service_accounts : can(regex("^[a-z0-9-]+:[a-z0-9.-]+$", account))])
    error_message = "Name every service account in full as namespace:name, for example storywright:server; a wildcard would let others in."
  }
}

variable "policies" {
  description = "Rights of the role: policy documents by name."
  type        = map(string)
  default     = {}
}

variable "managed_policies" {
  description = "ARNs of policies that AWS keeps, for AWS's own controllers."
  type        = set(string)
  default     = []
}
