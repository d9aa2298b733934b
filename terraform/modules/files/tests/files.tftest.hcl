mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                       = "storywright-test"
  key_arn                    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  protected                  = true
  vpc_id                     = "vpc-1"
  subnet_ids                 = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2", eu-central-1c = "subnet-3" }
  allowed_security_group_ids = { cluster = "sg-11111111" }
}

run "files_are_encrypted_and_reached_by_the_cluster_alone_in_every_zone" {
  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.key_arn
    error_message = "The files are not encrypted with the given key."
  }
  assert {
    condition     = { for zone, target in aws_efs_mount_target.this : zone => target.subnet_id } == { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2", eu-central-1c = "subnet-3" }
    error_message = "A zone does not reach the files."
  }
  assert {
    condition = alltrue([
      length(aws_vpc_security_group_ingress_rule.this) == 1,
      aws_vpc_security_group_ingress_rule.this["cluster"].referenced_security_group_id == "sg-11111111",
      aws_vpc_security_group_ingress_rule.this["cluster"].from_port == 2049,
      aws_vpc_security_group_ingress_rule.this["cluster"].to_port == 2049,
    ])
    error_message = "Somebody else reaches the files."
  }
}

run "nobody_is_root_and_nobody_does_without_tls" {
  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.this.statement : !contains(statement.actions, "elasticfilesystem:ClientRootAccess")])
    error_message = "A pod could be root on the files of others."
  }
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.this.statement : statement.effect == "Deny" &&
      anytrue([for condition in statement.condition : condition.variable == "aws:SecureTransport" && condition.values == tolist(["false"])])
    ])
    error_message = "The files are reached without TLS."
  }
}

run "what_is_protected_is_backed_up" {
  assert {
    condition     = one(aws_efs_backup_policy.this).backup_policy[0].status == "ENABLED"
    error_message = "The files are not backed up."
  }
}

run "encryption_cannot_be_turned_off" {
  command = plan
  variables {
    key_arn = ""
  }
  expect_failures = [var.key_arn]
}

run "a_single_zone_is_refused" {
  command = plan
  variables {
    subnet_ids = { eu-central-1a = "subnet-1" }
  }
  expect_failures = [var.subnet_ids]
}
