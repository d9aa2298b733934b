mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name    = "storywright-test-data"
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "nothing_is_public" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "The bucket is open to the public."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "An access list could give an object away."
  }
}

run "what_is_stored_is_encrypted_with_the_given_key_and_no_other" {
  assert {
    condition = one(one(
      aws_s3_bucket_server_side_encryption_configuration.this.rule
    ).apply_server_side_encryption_by_default).kms_master_key_id == var.key_arn
    error_message = "The bucket is not encrypted with the given key."
  }
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.this.statement :
      statement.effect == "Deny" && contains(statement.actions, "s3:PutObject") &&
      anytrue([for condition in statement.condition : condition.test == "StringNotEquals" && contains(condition.values, var.key_arn)])
    ])
    error_message = "An upload could bring another key."
  }
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.this.statement :
      statement.effect == "Deny" && contains(statement.actions, "s3:PutObject") &&
      anytrue([for condition in statement.condition : condition.test == "StringNotEquals" && contains(condition.values, "aws:kms")])
    ])
    error_message = "An upload could ask for less than KMS."
  }
}

run "only_tls_gets_in" {
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.this.statement :
      statement.effect == "Deny" && statement.actions == toset(["s3:*"]) && length(statement.resources) == 2 &&
      anytrue([for condition in statement.condition : condition.variable == "aws:SecureTransport" && condition.values == tolist(["false"])])
    ])
    error_message = "The bucket answers without TLS."
  }
  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.this.statement : statement.effect == "Deny"])
    error_message = "The bucket's own policy allows something: rights are given by roles."
  }
}

run "what_was_replaced_can_be_brought_back" {
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Replaced models could not be brought back."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90
    error_message = "Old versions do not stay for 90 days."
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A bucket with data could be destroyed."
  }
  assert {
    condition     = !contains(aws_s3_bucket_lifecycle_configuration.this.rule[*].id, "expiry")
    error_message = "What is in use expires though nobody asked for it."
  }
}

run "artifacts_expire_when_asked" {
  variables {
    expire_days = 60
  }
  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.expiration[0].days if rule.id == "expiry"]) == 60
    error_message = "Artifacts do not expire after 60 days."
  }
}

run "encryption_cannot_be_turned_off" {
  command = plan
  variables {
    key_arn = ""
  }
  expect_failures = [var.key_arn]
}

run "a_bad_name_is_refused" {
  command = plan
  variables {
    name = "Story_Wright"
  }
  expect_failures = [var.name]
}

run "too_short_a_memory_is_refused" {
  command = plan
  variables {
    keep_old_versions_days = 1
  }
  expect_failures = [var.keep_old_versions_days]
}

run "too_quick_an_expiry_is_refused" {
  command = plan
  variables {
    expire_days = 1
  }
  expect_failures = [var.expire_days]
}
