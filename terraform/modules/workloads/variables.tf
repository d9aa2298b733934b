variable "name" {
  description = "Prefix of the roles and of the secrets, for example storywright-dev."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster, which the autoscaler sizes."
  type        = string
}

variable "identity_provider" {
  description = "The cluster's OpenID Connect provider: its ARN, and its issuer without https://."
  type        = object({ arn = string, issuer = string })
}

variable "service_accounts" {
  description = "Who takes on which role, each as namespace:name; the manifests in infra/kubernetes make these accounts."
  type = object({
    kfp              = optional(set(string), ["kubeflow:ml-pipeline", "kubeflow:ml-pipeline-ui", "kubeflow:pipeline-runner"])
    mlflow           = optional(set(string), ["storywright:mlflow"])
    server           = optional(set(string), ["storywright:server"])
    scraper          = optional(set(string), ["kubeflow:scraper"])
    trainer          = optional(set(string), ["kubeflow:trainer"])
    autoscaler       = optional(set(string), ["kube-system:cluster-autoscaler"])
    external_secrets = optional(set(string), ["external-secrets:external-secrets"])
  })
  default = {}
}

variable "bucket_arns" {
  description = "ARNs of the buckets by what they hold."
  type        = object({ artifacts = string, data = string, models = string })
}

variable "repository_arns" {
  description = "ARNs of the image repositories, for who delivers."
  type        = list(string)
}

variable "storage_key_arn" {
  description = "ARN of the key that encrypts the buckets."
  type        = string
}

variable "secrets_key_arn" {
  description = "ARN of the key that encrypts the secrets."
  type        = string
}

variable "database_administrator_secret_arn" {
  description = "ARN of the secret with the database administrator's password, which makes the roles of the workloads."
  type        = string
}
