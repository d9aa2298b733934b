# Who may do what: a role for each workload in the cluster, taken on by its service account alone.
#
#   kfp      reads, writes and removes artifacts of pipelines
#   mlflow   reads, writes and removes models
#   server   reads models
#   scraper  writes artifacts: what it collected, and never removes any
#   trainer  reads data and artifacts, writes artifacts
#
# cluster_services.tf has the roles of what runs the cluster itself, publisher.tf the rights of who delivers to it.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  # By bucket. There is no right to change a bucket, its versions or its policy, and none to anything outside it.
  storage = {
    kfp     = { read = ["artifacts"], write = ["artifacts"], delete = ["artifacts"] }
    mlflow  = { read = ["models"], write = ["models"], delete = ["models"] }
    server  = { read = ["models"], write = [], delete = [] }
    scraper = { read = ["artifacts"], write = ["artifacts"], delete = [] }
    trainer = { read = ["artifacts", "data"], write = ["artifacts"], delete = [] }
  }
}

module "role" {
  source   = "../service_role"
  for_each = local.storage

  name              = "${var.name}-${each.key}"
  description       = "What the workload ${each.key} of ${var.name} may do"
  identity_provider = var.identity_provider
  service_accounts  = var.service_accounts[each.key]
  policies          = { storage = data.aws_iam_policy_document.storage[each.key].json }
}

data "aws_iam_policy_document" "storage" {
  for_each = local.storage

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [for bucket in each.value.read : var.bucket_arns[bucket]]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for bucket in each.value.read : "${var.bucket_arns[bucket]}/*"]
  }

  dynamic "statement" {
    for_each = length(each.value.write) > 0 ? [each.value.write] : []
    content {
      sid       = "Write"
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
      resources = [for bucket in statement.value : "${var.bucket_arns[bucket]}/*"]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.delete) > 0 ? [each.value.delete] : []
    content {
      sid       = "Delete"
      actions   = ["s3:DeleteObject"]
      resources = [for bucket in statement.value : "${var.bucket_arns[bucket]}/*"]
    }
  }

  statement {
    sid       = "UseTheKeyThroughS3"
    actions   = length(each.value.write) > 0 ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
    resources = [var.storage_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${local.region}.amazonaws.com"]
    }
  }
}
