output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "identity_provider" {
  description = "The cluster's OpenID Connect provider, for roles of service accounts."
  value       = local.identity_provider
}

output "security_group_id" {
  description = "Security group of control plane, nodes and pods."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "pool_label" {
  description = "Label by which pods choose a pool of nodes."
  value       = var.pool_label
}

output "node_group_arns" {
  description = "ARNs of the node groups by pool."
  value       = { for pool, group in aws_eks_node_group.this : pool => group.arn }
}
