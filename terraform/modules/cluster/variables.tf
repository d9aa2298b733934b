variable "name" {
  description = "Name of the cluster and prefix of every name, for example storywright-dev."
  type        = string
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, one that EKS has in standard support."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "A version of Kubernetes is written like 1.35, without a patch number."
  }
}

variable "control_plane_subnet_ids" {
  description = "Subnets in which the control plane meets the network."
  type        = list(string)

  validation {
    condition     = length(var.control_plane_subnet_ids) >= 2
    error_message = "The control plane needs subnets in at least two zones."
  }
}

variable "node_subnet_ids" {
  description = "Private subnets of nodes and pods."
  type        = list(string)
}

variable "api_allowed_cidrs" {
  description = "Addresses from which the API is reached over the internet; none: only from inside the network."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for block in var.api_allowed_cidrs : try(tonumber(split("/", cidrsubnet(block, 0, 0))[1]) >= 16, false)])
    error_message = "Name blocks of addresses no wider than /16, for example 203.0.113.0/24: the cluster's API is never open to everybody."
  }
}

variable "administrators" {
  description = "Who administers the cluster: ARNs of IAM roles by a name of your own."
  type        = map(string)

  validation {
    condition     = length(var.administrators) > 0 && alltrue([for arn in values(var.administrators) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "Name at least one role, for example { platform = \"arn:aws:iam::123456789012:role/platform\" }: without one nobody gets into the cluster."
  }
}

variable "secrets_key_arn" {
  description = "ARN of the key that encrypts Kubernetes secrets."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_key_arn))
    error_message = "The secrets of a cluster are always encrypted: give the ARN of a KMS key."
  }
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the control plane's logs."
  type        = string
}

variable "log_days" {
  description = "Days for which the control plane's logs are kept."
  type        = number
}

variable "pool_label" {
  description = "Label by which pods choose a pool of nodes; its values are system, cpu and gpu."
  type        = string
  default     = "storywright/pool"
}

variable "nodes" {
  description = "Instance types and sizes of the three pools; cpu and gpu begin at zero."
  type = object({
    system = object({ instance_types = list(string), min = number, max = number, disk_gb = optional(number, 50) })
    cpu    = object({ instance_types = list(string), max = number, disk_gb = optional(number, 100) })
    gpu    = object({ instance_types = list(string), max = number, disk_gb = optional(number, 200), spot = optional(bool, false) })
  })

  validation {
    condition     = var.nodes.system.min >= 2 && var.nodes.system.max >= var.nodes.system.min
    error_message = "The system pool has at least two nodes, so that one can be replaced, and its max is not below its min."
  }
  validation {
    condition     = var.nodes.cpu.max >= 1 && var.nodes.gpu.max >= 1
    error_message = "The cpu and gpu pools begin at zero and must be able to grow: their max is at least 1."
  }
  validation {
    condition     = alltrue([for type in var.nodes.gpu.instance_types : can(regex("^(g[4-9]|p[3-9])[a-z]*\\.", type))])
    error_message = "The gpu pool takes instances with an NVIDIA GPU, for example g6.xlarge."
  }
  validation {
    condition = alltrue([
      for type in concat(var.nodes.system.instance_types, var.nodes.cpu.instance_types, var.nodes.gpu.instance_types) :
      !can(regex("^[a-z]+[0-9]+[a-z]*g[a-z]*\\.", type))
    ])
    error_message = "The images are built for x86: take m7i.large rather than m7g.large."
  }
  validation {
    condition     = length(var.nodes.cpu.instance_types) >= 2
    error_message = "Name at least two instance types for the cpu pool: spot capacity of a single one runs out."
  }
}
