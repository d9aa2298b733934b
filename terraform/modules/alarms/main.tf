# What a person has to know: the database, the control plane or the way out is in trouble, or the month costs more than
# it should. What happens inside the workloads is Prometheus's.

data "aws_caller_identity" "current" {}

locals {
  # Each holds for fifteen minutes before anybody is called.
  database = {
    database-cpu = {
      metric = "CPUUtilization", statistic = "Average", above = 80
      says   = "The database of ${var.name} has been over 80 % busy for 15 minutes: look at Performance Insights for the statement, or take a larger instance_class."
    }
    database-connections = {
      metric = "DatabaseConnections", statistic = "Maximum", above = var.database.max_connections * 0.8
      says   = "The database of ${var.name} uses 80 % of its connections: a pool is too large, or something does not give them back."
    }
    database-storage = {
      metric = "FreeStorageSpace", statistic = "Minimum", below = var.database.storage_gb * 1024 * 1024 * 1024 * 0.1
      says   = "The database of ${var.name} has less than a tenth of its storage left and has not grown: raise max_storage_gb."
    }
    database-memory = {
      metric = "FreeableMemory", statistic = "Minimum", below = 128 * 1024 * 1024
      says   = "The database of ${var.name} has less than 128 MB of memory left: take a larger instance_class."
    }
  }

  cluster = {
    cluster-errors = {
      metric = "apiserver_request_total_5XX", statistic = "Sum", above = 50
      says   = "The control plane of ${var.name} answers with errors: look at its logs, and at AWS's health page."
    }
    cluster-unschedulable = {
      metric = "scheduler_pending_pods_UNSCHEDULABLE", statistic = "Minimum", above = 0
      says   = "Pods of ${var.name} have found no node for 15 minutes: kubectl describe says why; a pool may be at its max, or the region out of spot or GPU capacity."
    }
  }

  network = merge([
    for zone in keys(var.nat_gateway_ids) : {
      "nat-ports-${zone}" = {
        metric = "ErrorPortAllocation", statistic = "Sum", above = 0, gateway = zone
        says   = "The NAT gateway of ${var.name} in ${zone} has no port left for one destination: something opens too many connections."
      }
      "nat-drops-${zone}" = {
        metric = "PacketsDropCount", statistic = "Sum", above = 100, gateway = zone
        says   = "The NAT gateway of ${var.name} in ${zone} drops packets: look at AWS's health page."
      }
    }
  ]...)

  alarms = merge(
    { for name, alarm in local.database : name => merge(alarm, { namespace = "AWS/RDS", dimensions = { DBInstanceIdentifier = var.database.identifier } }) },
    { for name, alarm in local.cluster : name => merge(alarm, { namespace = "AWS/EKS", dimensions = { ClusterName = var.cluster_name } }) },
    { for name, alarm in local.network : name => merge(alarm, { namespace = "AWS/NATGateway", dimensions = { NatGatewayId = var.nat_gateway_ids[alarm.gateway] } }) },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = can(each.value.above) ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = try(each.value.above, each.value.below)
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_budgets_budget" "this" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = var.monthly_budget_usd
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:%s$%s", "environment", var.environment)]
  }

  dynamic "notification" {
    for_each = {
      "half is spent"       = { type = "ACTUAL", percent = 50 }
      "most is spent"       = { type = "ACTUAL", percent = 80 }
      "it will be too much" = { type = "FORECASTED", percent = 100 }
    }
    content {
      notification_type         = notification.value.type
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value.percent
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.this.arn]
    }
  }
}

resource "aws_sns_topic" "this" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.key_arn
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.this.json
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "AlarmsAndBudgetsOfThisAccount"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]
    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}
