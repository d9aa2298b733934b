# What AWS installs and keeps up to date in the cluster, in the version it recommends for the cluster's own.

locals {
  addons = {
    before_nodes = {
      kube-proxy = { role_arn = null, settings = {} }
      # Without this the network policies of the manifests would be accepted and ignored.
      vpc-cni = { role_arn = module.addon_role["vpc-cni"].arn, settings = { enableNetworkPolicy = "true" } }
    }
    on_nodes = {
      coredns            = { role_arn = null, settings = {} }
      metrics-server     = { role_arn = null, settings = {} }
      aws-ebs-csi-driver = { role_arn = module.addon_role["aws-ebs-csi-driver"].arn, settings = {} }
      aws-efs-csi-driver = { role_arn = module.addon_role["aws-efs-csi-driver"].arn, settings = {} }
    }
  }

  addon_roles = {
    vpc-cni = {
      service_account = "kube-system:aws-node"
      policy          = "AmazonEKS_CNI_Policy"
      does            = "gives pods addresses of the network"
    }
    aws-ebs-csi-driver = {
      service_account = "kube-system:ebs-csi-controller-sa"
      policy          = "service-role/AmazonEBSCSIDriverPolicy"
      does            = "makes and attaches the volumes that pods claim"
    }
    aws-efs-csi-driver = {
      service_account = "kube-system:efs-csi-controller-sa"
      policy          = "service-role/AmazonEFSCSIDriverPolicy"
      does            = "makes the folders of the shared file system that pods claim"
    }
  }
}

resource "aws_eks_addon" "before_nodes" {
  for_each = local.addons.before_nodes

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  service_account_role_arn    = each.value.role_arn
  configuration_values        = length(each.value.settings) > 0 ? jsonencode(each.value.settings) : null
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

resource "aws_eks_addon" "on_nodes" {
  for_each = local.addons.on_nodes

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  service_account_role_arn    = each.value.role_arn
  configuration_values        = length(each.value.settings) > 0 ? jsonencode(each.value.settings) : null
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.this]
}

module "addon_role" {
  source   = "../service_role"
  for_each = local.addon_roles

  name              = "${var.name}-${each.key}"
  description       = "The add-on ${each.key} ${each.value.does}"
  identity_provider = local.identity_provider
  service_accounts  = [each.value.service_account]
  managed_policies  = ["arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.policy}"]
}
