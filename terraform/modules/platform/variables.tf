variable "environment" {
  description = "Name of the environment: dev, prod, or a short one of your own."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "An environment has a name of 2 to 10 lower-case letters and digits, for example dev."
  }
}

variable "protected" {
  description = "Whether the environment holds what nobody wants to lose: standby database, refusal to be deleted, long recovery."
  type        = bool
}

variable "network" {
  description = "Addresses, three zones, ways out (nat: single or per_zone) and AWS services reached inside the network."
  type = object({
    cidr                = string
    zones               = list(string)
    nat                 = string
    interface_endpoints = optional(set(string), [])
  })
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, one that EKS has in standard support."
  type        = string
  default     = "1.35"
}

variable "api_allowed_cidrs" {
  description = "Addresses from which the cluster's API is reached over the internet; none: only from inside the network."
  type        = list(string)
  default     = []
}

variable "administrators" {
  description = "Who administers the cluster: ARNs of IAM roles by a name of your own."
  type        = map(string)
}

variable "nodes" {
  description = "Instance types and sizes of the three pools; cpu and gpu begin at zero."
  type = object({
    system = object({ instance_types = list(string), min = number, max = number })
    cpu    = object({ instance_types = list(string), max = number })
    gpu    = object({ instance_types = list(string), max = number, spot = optional(bool, false) })
  })
}

variable "database" {
  description = "Size of the database; max_connections is what PostgreSQL gives on this instance_class."
  type = object({
    instance_class  = string
    storage_gb      = number
    max_storage_gb  = number
    backup_days     = number
    max_connections = number
  })

  validation {
    condition     = !var.protected || var.database.backup_days >= 14
    error_message = "A protected environment keeps backups for at least 14 days."
  }
}

variable "keep_artifacts_days" {
  description = "Days after which artifacts of pipelines are removed; null keeps them. Data and models are always kept."
  type        = number
  default     = null
}

variable "log_days" {
  description = "Days for which flow logs, the control plane's and the database's logs are kept."
  type        = number

  validation {
    condition     = !var.protected || var.log_days >= 365
    error_message = "A protected environment keeps its logs for at least a year (365)."
  }
}

variable "monthly_budget_usd" {
  description = "What a month may cost; half, four fifths and a forecast of more are announced."
  type        = number
}

variable "alarm_emails" {
  description = "Addresses of those who are called; each has to confirm once."
  type        = set(string)
}
