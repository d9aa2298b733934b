# The autoscaler, which starts and ends nodes, and the External Secrets operator, which reads this environment's secrets.

module "autoscaler_role" {
  source = "../service_role"

  name              = "${var.name}-autoscaler"
  description       = "Lets the autoscaler size the node groups of ${var.name}"
  identity_provider = var.identity_provider
  service_accounts  = var.service_accounts.autoscaler
  policies          = { scale = data.aws_iam_policy_document.autoscaler.json }
}

data "aws_iam_policy_document" "autoscaler" {
  statement {
    sid = "Look"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeTags",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resources = ["*"]
  }

  # Says which labels and taints the nodes of an empty group will have.
  statement {
    sid       = "LookAtNodeGroups"
    actions   = ["eks:DescribeNodegroup"]
    resources = ["arn:${local.partition}:eks:${local.region}:${local.account}:nodegroup/${var.cluster_name}/*/*"]
  }

  statement {
    sid       = "ScaleNodeGroups"
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["arn:${local.partition}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${var.cluster_name}" # which EKS gives its groups
      values   = ["owned"]
    }
  }
}

module "external_secrets_role" {
  source = "../service_role"

  name              = "${var.name}-external-secrets"
  description       = "Lets the External Secrets operator read the secrets of ${var.name}"
  identity_provider = var.identity_provider
  service_accounts  = var.service_accounts.external_secrets
  policies          = { read = data.aws_iam_policy_document.external_secrets.json }
}

data "aws_iam_policy_document" "external_secrets" {
  statement {
    sid     = "Read"
    actions = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
    resources = [
      "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:${var.name}/*",
      var.database_administrator_secret_arn,
    ]
  }

  statement {
    sid       = "UseTheKeyThroughSecretsManager"
    actions   = ["kms:Decrypt"]
    resources = [var.secrets_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${local.region}.amazonaws.com"]
    }
  }
}
