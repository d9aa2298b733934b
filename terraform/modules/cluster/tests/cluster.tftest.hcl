mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                     = "storywright-test"
  kubernetes_version       = "1.35"
  control_plane_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
  node_subnet_ids          = ["subnet-4", "subnet-5", "subnet-6"]
  administrators           = { platform = "arn:aws:iam::123456789012:role/platform" }
  secrets_key_arn          = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_days                 = 365
  nodes = {
    system = { instance_types = ["m7i.xlarge"], min = 2, max = 4 }
    cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge"], max = 4 }
    gpu    = { instance_types = ["g6.xlarge", "g4dn.xlarge"], max = 2 }
  }
}

run "the_api_is_reached_from_inside_alone" {
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The API is public though nobody named an address."
  }
}

run "named_addresses_and_no_others_reach_the_api" {
  variables {
    api_allowed_cidrs = ["203.0.113.0/24"]
  }
  assert {
    condition = alltrue([
      aws_eks_cluster.this.vpc_config[0].endpoint_private_access,
      aws_eks_cluster.this.vpc_config[0].endpoint_public_access,
      aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"]),
    ])
    error_message = "The API is open to others, or closed to the named ones."
  }
}

run "secrets_are_encrypted_and_everything_is_written_down" {
  assert {
    condition = alltrue([
      aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"]),
      aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.secrets_key_arn,
    ])
    error_message = "Kubernetes secrets are not encrypted with the given key."
  }
  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "The control plane does not write down all it does."
  }
  assert {
    condition     = aws_cloudwatch_log_group.control_plane.name == "/aws/eks/storywright-test/cluster" && aws_cloudwatch_log_group.control_plane.kms_key_id == var.log_key_arn
    error_message = "EKS would write into a group without a key and without an end."
  }
}

run "only_named_administrators_get_in" {
  assert {
    condition = alltrue([
      aws_eks_cluster.this.access_config[0].authentication_mode == "API",
      !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions,
      aws_eks_access_entry.administrator["platform"].principal_arn == var.administrators.platform,
      length(aws_eks_access_entry.administrator) == 1,
    ])
    error_message = "Whoever made the cluster, or another, is administrator without being named."
  }
}

run "gpu_nodes_come_from_zero_and_keep_others_away" {
  assert {
    condition     = aws_eks_node_group.this["gpu"].scaling_config[0].min_size == 0 && aws_eks_node_group.this["gpu"].scaling_config[0].desired_size == 0
    error_message = "A GPU is paid for while nobody needs one."
  }
  assert {
    condition     = one(aws_eks_node_group.this["gpu"].taint) == { key = "nvidia.com/gpu", value = "present", effect = "NO_SCHEDULE" }
    error_message = "Pods without a GPU would keep a GPU node alive."
  }
  assert {
    condition     = aws_eks_node_group.this["gpu"].ami_type == "AL2023_x86_64_NVIDIA"
    error_message = "The GPU nodes have no driver."
  }
}

run "steps_run_on_spot_from_zero_and_what_must_stay_does_not" {
  assert {
    condition     = aws_eks_node_group.this["cpu"].capacity_type == "SPOT" && aws_eks_node_group.this["cpu"].scaling_config[0].min_size == 0
    error_message = "The cpu pool is not spot, or not from zero."
  }
  assert {
    condition     = aws_eks_node_group.this["system"].capacity_type == "ON_DEMAND" && aws_eks_node_group.this["system"].scaling_config[0].min_size == 2 && length(aws_eks_node_group.this["system"].taint) == 0
    error_message = "The system pool may vanish."
  }
  assert {
    condition     = alltrue([for pool, group in aws_eks_node_group.this : group.labels == tomap({ "storywright/pool" = pool })])
    error_message = "A pool cannot be chosen by its label."
  }
}

run "a_pod_cannot_take_its_nodes_credentials" {
  assert {
    condition = alltrue([
      for template in aws_launch_template.this :
      template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1
    ])
    error_message = "A pod could ask the metadata service for its node's credentials."
  }
  assert {
    condition     = alltrue([for template in aws_launch_template.this : template.block_device_mappings[0].ebs[0].encrypted == "true"])
    error_message = "A node's disk is not encrypted."
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.node)) == toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])
    error_message = "Nodes may do more than join the cluster and pull images."
  }
}

run "network_policies_are_enforced_before_the_first_pod" {
  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "Network policies would be accepted and ignored."
  }
  assert {
    condition     = toset(keys(aws_eks_addon.on_nodes)) == toset(["coredns", "metrics-server", "aws-ebs-csi-driver", "aws-efs-csi-driver"])
    error_message = "Names, metrics for the autoscaler or volumes are missing."
  }
}

run "an_api_open_to_everybody_is_refused" {
  command = plan
  variables {
    api_allowed_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_allowed_cidrs]
}

run "a_cluster_that_nobody_administers_is_refused" {
  command = plan
  variables {
    administrators = {}
  }
  expect_failures = [var.administrators]
}

run "secrets_without_a_key_are_refused" {
  command = plan
  variables {
    secrets_key_arn = ""
  }
  expect_failures = [var.secrets_key_arn]
}

run "a_patch_number_is_refused" {
  command = plan
  variables {
    kubernetes_version = "1.35.2"
  }
  expect_failures = [var.kubernetes_version]
}

run "a_gpu_pool_without_gpus_is_refused" {
  command = plan
  variables {
    nodes = {
      system = { instance_types = ["m7i.xlarge"], min = 2, max = 4 }
      cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge"], max = 4 }
      gpu    = { instance_types = ["m7i.xlarge"], max = 2 }
    }
  }
  expect_failures = [var.nodes]
}

run "machines_for_which_there_are_no_images_are_refused" {
  command = plan
  variables {
    nodes = {
      system = { instance_types = ["m7g.xlarge"], min = 2, max = 4 }
      cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge"], max = 4 }
      gpu    = { instance_types = ["g6.xlarge"], max = 2 }
    }
  }
  expect_failures = [var.nodes]
}

run "a_system_pool_of_one_is_refused" {
  command = plan
  variables {
    nodes = {
      system = { instance_types = ["m7i.xlarge"], min = 1, max = 4 }
      cpu    = { instance_types = ["m7i.xlarge", "m6i.xlarge"], max = 4 }
      gpu    = { instance_types = ["g6.xlarge"], max = 2 }
    }
  }
  expect_failures = [var.nodes]
}

run "spot_of_a_single_type_is_refused" {
  command = plan
  variables {
    nodes = {
      system = { instance_types = ["m7i.xlarge"], min = 2, max = 4 }
      cpu    = { instance_types = ["m7i.xlarge"], max = 4 }
      gpu    = { instance_types = ["g6.xlarge"], max = 2 }
    }
  }
  expect_failures = [var.nodes]
}
