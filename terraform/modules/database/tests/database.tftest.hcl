mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                       = "storywright-test"
  instance_class             = "db.t4g.small"
  storage_gb                 = 20
  max_storage_gb             = 50
  backup_days                = 14
  protected                  = true
  vpc_id                     = "vpc-1"
  subnet_ids                 = ["subnet-1", "subnet-2", "subnet-3"]
  allowed_security_group_ids = { cluster = "sg-11111111" }
  key_arn                    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  secrets_key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_days                   = 365
}

run "it_is_encrypted_and_not_public_whatever_is_asked" {
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.key_arn && aws_db_instance.this.performance_insights_kms_key_id == var.key_arn
    error_message = "What is stored is not encrypted with the given key."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "The database has a public address."
  }
}

run "it_speaks_tls_alone_and_with_named_groups_alone" {
  assert {
    condition     = one([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"]) == "1"
    error_message = "A client could connect without TLS."
  }
  assert {
    condition = alltrue([
      keys(aws_vpc_security_group_ingress_rule.this) == ["cluster"],
      aws_vpc_security_group_ingress_rule.this["cluster"].referenced_security_group_id == "sg-11111111",
      aws_vpc_security_group_ingress_rule.this["cluster"].from_port == 5432,
      aws_vpc_security_group_ingress_rule.this["cluster"].to_port == 5432,
    ])
    error_message = "Somebody else reaches the database."
  }
}

run "nobody_writes_its_password_down" {
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.master_user_secret_kms_key_id == var.secrets_key_arn
    error_message = "The administrator's password is in the state."
  }
  assert {
    condition     = aws_db_instance.this.iam_database_authentication_enabled
    error_message = "People would need a password."
  }
}

run "a_protected_one_survives_a_zone_and_a_slip" {
  assert {
    condition = alltrue([
      aws_db_instance.this.multi_az,
      aws_db_instance.this.deletion_protection,
      !aws_db_instance.this.skip_final_snapshot,
      aws_db_instance.this.final_snapshot_identifier == "storywright-test-final",
      !aws_db_instance.this.delete_automated_backups,
      aws_db_instance.this.backup_retention_period == 14,
    ])
    error_message = "A zone or a slip would take the database along."
  }
}

run "an_unprotected_one_goes_without_a_trace" {
  variables {
    protected = false
  }
  assert {
    condition     = !aws_db_instance.this.multi_az && !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.delete_automated_backups
    error_message = "Something of it stays and costs."
  }
}

run "its_logs_are_kept_encrypted" {
  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(keys(aws_cloudwatch_log_group.this))
    error_message = "RDS would write into a group without a key and without an end."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.log_key_arn && group.retention_in_days == 365])
    error_message = "A log is not encrypted, or kept too short."
  }
}

run "encryption_cannot_be_turned_off" {
  command = plan
  variables {
    key_arn = ""
  }
  expect_failures = [var.key_arn]
}

run "a_week_of_backups_is_the_least" {
  command = plan
  variables {
    backup_days = 0
  }
  expect_failures = [var.backup_days]
}

run "storage_that_cannot_grow_is_refused" {
  command = plan
  variables {
    max_storage_gb = 20
  }
  expect_failures = [var.max_storage_gb]
}

run "less_storage_than_rds_gives_is_refused" {
  command = plan
  variables {
    storage_gb = 5
  }
  expect_failures = [var.storage_gb]
}

run "a_minor_version_is_refused" {
  command = plan
  variables {
    engine_version = "17.2"
  }
  expect_failures = [var.engine_version]
}

run "an_instance_class_of_ec2_is_refused" {
  command = plan
  variables {
    instance_class = "m7g.large"
  }
  expect_failures = [var.instance_class]
}

run "a_single_zone_is_refused" {
  command = plan
  variables {
    subnet_ids = ["subnet-1"]
  }
  expect_failures = [var.subnet_ids]
}
