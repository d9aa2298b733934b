# Three pools. system runs what must stay: on demand, never fewer than two nodes. cpu runs the steps of pipelines: spot,
# from zero. gpu runs training and drawing: from zero, and tainted, so that nothing else keeps an expensive node alive.

locals {
  pools = {
    system = {
      ami_type       = "AL2023_x86_64_STANDARD"
      capacity_type  = "ON_DEMAND"
      instance_types = var.nodes.system.instance_types
      min            = var.nodes.system.min
      max            = var.nodes.system.max
      disk_gb        = var.nodes.system.disk_gb
      taints         = {}
    }
    cpu = {
      ami_type       = "AL2023_x86_64_STANDARD"
      capacity_type  = "SPOT"
      instance_types = var.nodes.cpu.instance_types
      min            = 0
      max            = var.nodes.cpu.max
      disk_gb        = var.nodes.cpu.disk_gb
      taints         = {}
    }
    gpu = {
      ami_type       = "AL2023_x86_64_NVIDIA"
      capacity_type  = var.nodes.gpu.spot ? "SPOT" : "ON_DEMAND"
      instance_types = var.nodes.gpu.instance_types
      min            = 0
      max            = var.nodes.gpu.max
      disk_gb        = var.nodes.gpu.disk_gb
      taints         = { "nvidia.com/gpu" = "present" }
    }
  }
}

resource "aws_eks_node_group" "this" {
  for_each = local.pools

  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "${each.key}-"
  node_role_arn          = aws_iam_role.node.arn
  subnet_ids             = var.node_subnet_ids
  ami_type               = each.value.ami_type
  capacity_type          = each.value.capacity_type
  instance_types         = each.value.instance_types
  labels                 = { (var.pool_label) = each.key }

  launch_template {
    id      = aws_launch_template.this[each.key].id
    version = aws_launch_template.this[each.key].latest_version
  }

  scaling_config {
    min_size     = each.value.min
    max_size     = each.value.max
    desired_size = each.value.min
  }

  dynamic "taint" {
    for_each = each.value.taints
    content {
      key    = taint.key
      value  = taint.value
      effect = "NO_SCHEDULE"
    }
  }

  update_config {
    max_unavailable_percentage = 33
  }

  depends_on = [
    aws_iam_role_policy_attachment.node,
    aws_eks_addon.before_nodes,
  ]

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [scaling_config[0].desired_size] # the autoscaler's
  }
}

data "aws_default_tags" "current" {}

resource "aws_launch_template" "this" {
  for_each = local.pools

  name                   = "${var.name}-${each.key}"
  description            = "Nodes of the pool ${each.key} of ${var.name}"
  update_default_version = true

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.disk_gb
      encrypted             = true
      delete_on_termination = true
    }
  }

  # One hop: a pod in the cluster's network cannot ask for the node's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # The provider's tags reach the template, but not what is started from it.
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.key
      tags          = merge(data.aws_default_tags.current.tags, { Name = "${var.name}-${each.key}" })
    }
  }
}
