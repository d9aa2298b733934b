# What is said by whoever applies, in terraform.tfvars; what the environment is, stands in main.tf.

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "administrators" {
  description = "Who administers the cluster: ARNs of IAM roles by a name of your own."
  type        = map(string)
}

variable "alarm_emails" {
  description = "Addresses of those who are called."
  type        = set(string)
}

variable "api_allowed_cidrs" {
  description = "Addresses from which the cluster's API is reached over the internet; none: only from inside the network."
  type        = list(string)
  default     = []
}
