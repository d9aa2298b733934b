mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name               = "storywright-test"
  environment        = "test"
  emails             = ["team@example.org"]
  monthly_budget_usd = 400
  database           = { identifier = "storywright-test", storage_gb = 20, max_connections = 100 }
  cluster_name       = "storywright-test"
  nat_gateway_ids    = { eu-central-1a = "nat-1", eu-central-1b = "nat-2" }
  key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "database_cluster_and_every_way_out_are_watched" {
  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "database-cpu", "database-connections", "database-storage", "database-memory",
      "cluster-errors", "cluster-unschedulable",
      "nat-ports-eu-central-1a", "nat-drops-eu-central-1a", "nat-ports-eu-central-1b", "nat-drops-eu-central-1b",
    ])
    error_message = "Something is not watched."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([aws_sns_topic.this.arn]) && alarm.ok_actions == toset([aws_sns_topic.this.arn])])
    error_message = "An alarm reaches nobody, or its end does not."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["nat-ports-eu-central-1b"].dimensions == tomap({ NatGatewayId = "nat-2" })
    error_message = "An alarm watches another gateway than it says."
  }
}

run "thresholds_follow_the_size_of_the_database" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-storage"].threshold == 2147483648 && aws_cloudwatch_metric_alarm.this["database-storage"].comparison_operator == "LessThanThreshold"
    error_message = "A tenth of 20 GB is 2 GB."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-connections"].threshold == 80 && aws_cloudwatch_metric_alarm.this["database-connections"].comparison_operator == "GreaterThanThreshold"
    error_message = "Four fifths of 100 connections are 80."
  }
}

run "money_is_watched_before_it_is_spent" {
  assert {
    condition     = aws_budgets_budget.this.limit_amount == "400" && one(aws_budgets_budget.this.cost_filter).values == tolist(["user:environment$test"])
    error_message = "The budget counts something else."
  }
  assert {
    condition     = toset([for notification in aws_budgets_budget.this.notification : "${notification.notification_type} ${notification.threshold}"]) == toset(["ACTUAL 50", "ACTUAL 80", "FORECASTED 100"])
    error_message = "Nobody hears of costs in time."
  }
}

run "messages_are_encrypted_and_nobody_else_sends_them" {
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.key_arn
    error_message = "Messages are not encrypted."
  }
  assert {
    condition     = one([for condition in data.aws_iam_policy_document.this.statement[0].condition : condition.values if condition.variable == "aws:SourceAccount"]) == tolist(["123456789012"])
    error_message = "Another account may raise our alarms."
  }
}

run "an_alarm_that_reaches_nobody_is_refused" {
  command = plan
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}

run "a_budget_of_nothing_is_refused" {
  command = plan
  variables {
    monthly_budget_usd = 0
  }
  expect_failures = [var.monthly_budget_usd]
}
