mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name = "storywright-test"
}

run "closed_versioned_and_encrypted" {
  command = apply

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
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Replaced models could not be brought back."
  }
  assert {
    condition = one(one(
      aws_s3_bucket_server_side_encryption_configuration.this.rule
    ).apply_server_side_encryption_by_default).kms_master_key_id == aws_kms_key.this.arn
    error_message = "The bucket is not encrypted with its own key."
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A bucket with data could be destroyed."
  }
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
