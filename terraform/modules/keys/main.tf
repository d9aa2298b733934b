# One key for each kind of thing that is kept, so that the right to read one kind says nothing about the others.
# Who may use a key is said by the roles of the workloads; the policies here add only the AWS services that
# encrypt on their own account.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  purposes = {
    cluster  = "Kubernetes secrets in the control plane of ${var.name}"
    storage  = "Buckets of ${var.name}"
    registry = "Container images of ${var.name}"
    database = "Database of ${var.name}, its backups and its insights"
    secrets  = "Passwords and keys of ${var.name}"
    records  = "Logs and alarms of ${var.name}"
  }

  # Each service with the one encryption context in which it may use the key.
  services = {
    records = {
      "logs.${local.region}.amazonaws.com" = {
        context = "aws:logs:arn"
        values  = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*${var.name}*"]
      }
      "cloudwatch.amazonaws.com" = {
        context = "aws:sns:topicArn"
        values  = ["arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-*"]
      }
      "budgets.amazonaws.com" = {
        context = "aws:sns:topicArn"
        values  = ["arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-*"]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  for_each = local.purposes

  description             = each.value
  policy                  = data.aws_iam_policy_document.this[each.key].json
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_days
}

resource "aws_kms_alias" "this" {
  for_each = local.purposes

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

data "aws_iam_policy_document" "this" {
  # checkov:skip=CKV_AWS_109:2026-11-20 a key policy speaks of its own key only, and without this statement nobody could administer it
  # checkov:skip=CKV_AWS_111:2026-11-20 as above: "*" in a key policy is the key itself
  # checkov:skip=CKV_AWS_356:2026-11-20 as above: "*" in a key policy is the key itself
  for_each = local.purposes

  statement {
    sid       = "RightsAreGivenByRoles"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  dynamic "statement" {
    for_each = lookup(local.services, each.key, {})
    content {
      actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      resources = ["*"]
      principals {
        type        = "Service"
        identifiers = [statement.key]
      }
      condition {
        test     = "ArnLike"
        variable = "kms:EncryptionContext:${statement.value.context}"
        values   = statement.value.values
      }
    }
  }
}
