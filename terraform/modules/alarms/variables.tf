variable "name" {
  description = "Prefix of every name, for example storywright-dev."
  type        = string
}

variable "environment" {
  description = "Value of the tag environment, by which costs are counted."
  type        = string
}

variable "emails" {
  description = "Addresses of those who are called; each has to confirm once."
  type        = set(string)

  validation {
    condition     = length(var.emails) > 0 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])
    error_message = "Name at least one address, for example team@example.org: an alarm that reaches nobody is none."
  }
}

variable "monthly_budget_usd" {
  description = "What a month may cost; half, four fifths and a forecast of more are announced."
  type        = number

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "A budget is a positive number of US dollars a month."
  }
}

variable "database" {
  description = "The database that is watched: its name, storage and connections."
  type        = object({ identifier = string, storage_gb = number, max_connections = number })
}

variable "cluster_name" {
  description = "The cluster that is watched."
  type        = string
}

variable "nat_gateway_ids" {
  description = "The NAT gateways that are watched, by zone."
  type        = map(string)
}

variable "key_arn" {
  description = "ARN of the key that encrypts the messages."
  type        = string
}
