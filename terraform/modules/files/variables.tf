variable "name" {
  description = "Name of the file system, for example storywright-dev."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that encrypts the files."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.key_arn))
    error_message = "Files are always encrypted with a key of ours: give the ARN of a KMS key."
  }
}

variable "protected" {
  description = "Whether the files are backed up every day."
  type        = bool
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a way out, by zone; the files are reached in each."
  type        = map(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "The files have to be reached in at least two zones."
  }
}

variable "allowed_security_group_ids" {
  description = "Security groups that reach the files, by a name of your own; nobody else does."
  type        = map(string)
}
