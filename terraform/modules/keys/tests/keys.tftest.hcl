mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name = "storywright-test"
}

run "each_kind_of_thing_has_a_key_that_turns_over" {
  assert {
    condition     = toset(keys(aws_kms_key.this)) == toset(["cluster", "storage", "registry", "database", "secrets", "records"])
    error_message = "A kind of thing has no key of its own."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "A key does not turn over, or is gone sooner than in 30 days."
  }
  assert {
    condition     = toset([for alias in aws_kms_alias.this : alias.name]) == toset([for purpose in keys(aws_kms_key.this) : "alias/storywright-test-${purpose}"])
    error_message = "A key cannot be found by its alias."
  }
}

run "no_service_uses_a_key_but_the_logs_and_alarms" {
  assert {
    condition = alltrue([
      for purpose, policy in data.aws_iam_policy_document.this : length(policy.statement) == 1 if purpose != "records"
    ])
    error_message = "A service may use a key without a role that says so."
  }
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.this["records"].statement :
      length(statement.condition) == 1 && anytrue([for condition in statement.condition : startswith(condition.variable, "kms:EncryptionContext:") && strcontains(condition.values[0], "storywright-test")])
      if statement.sid != "RightsAreGivenByRoles"
    ])
    error_message = "A service may use the key for logs and topics of others."
  }
}

run "a_name_that_aws_would_refuse_is_refused" {
  command = plan
  variables {
    name = "Storywright Dev"
  }
  expect_failures = [var.name]
}

run "a_key_gone_in_a_day_is_refused" {
  command = plan
  variables {
    deletion_days = 1
  }
  expect_failures = [var.deletion_days]
}
