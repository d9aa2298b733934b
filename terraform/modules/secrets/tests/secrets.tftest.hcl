# Terraform 1.11 mocks no ephemeral resources, so these runs need something that speaks Secrets Manager: AWS_ENDPOINT_URL
# names it, as tests/infra does.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name          = "storywright-test"
  key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  recovery_days = 0
}

run "every_secret_has_a_value_that_the_state_does_not_know" {
  assert {
    condition     = alltrue([for version in aws_secretsmanager_secret_version.this : version.has_secret_string_wo && version.secret_string == ""])
    error_message = "A secret is empty, or its value is in the state."
  }
  assert {
    condition     = alltrue([for key, secret in aws_secretsmanager_secret.this : secret.name == "storywright-test/${key}" && secret.kms_key_id == var.key_arn && secret.description != ""])
    error_message = "A secret cannot be found under its prefix, or is encrypted with another key."
  }
}

run "a_raised_number_replaces_that_secret_and_no_other" {
  variables {
    rotations = { api-key = 2 }
  }
  assert {
    condition     = { for key, version in aws_secretsmanager_secret_version.this : key => version.secret_string_wo_version if version.secret_string_wo_version > 1 } == { api-key = 2 }
    error_message = "The secret was not replaced, or another was."
  }
}

run "encryption_cannot_be_turned_off" {
  command = plan
  variables {
    key_arn = ""
  }
  expect_failures = [var.key_arn]
}

run "a_recovery_that_aws_does_not_know_is_refused" {
  command = plan
  variables {
    recovery_days = 3
  }
  expect_failures = [var.recovery_days]
}

run "half_a_rotation_is_refused" {
  command = plan
  variables {
    rotations = { api-key = 1.5 }
  }
  expect_failures = [var.rotations]
}

run "a_prefix_with_a_slash_is_refused" {
  command = plan
  variables {
    name = "storywright/test"
  }
  expect_failures = [var.name]
}
