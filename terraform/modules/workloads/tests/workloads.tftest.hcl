mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                              = "storywright-test"
  cluster_name                      = "storywright-test"
  identity_provider                 = { arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/X", issuer = "oidc.example/id/X" }
  bucket_arns                       = { artifacts = "arn:aws:s3:::artifacts", data = "arn:aws:s3:::data", models = "arn:aws:s3:::models" }
  repository_arns                   = ["arn:aws:ecr:eu-central-1:123456789012:repository/storywright-test/serve"]
  storage_key_arn                   = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  secrets_key_arn                   = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  database_administrator_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-test"
}

run "no_action_is_a_wildcard" {
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(data.aws_iam_policy_document.storage), [data.aws_iam_policy_document.autoscaler, data.aws_iam_policy_document.external_secrets, data.aws_iam_policy_document.publisher]) :
      [for statement in policy.statement : [for action in statement.actions : !strcontains(action, "*")]]
    ]))
    error_message = "A role may do whatever a wildcard will mean tomorrow."
  }
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(data.aws_iam_policy_document.storage), [data.aws_iam_policy_document.external_secrets]) :
      [for statement in policy.statement : [for resource in statement.resources : resource != "*"]]
    ]))
    error_message = "A workload may do something everywhere."
  }
}

run "each_workload_writes_only_what_is_its_own" {
  assert {
    condition = {
      for workload, policy in data.aws_iam_policy_document.storage :
      workload => flatten([for statement in policy.statement : tolist(statement.resources) if contains(statement.actions, "s3:PutObject")])
      } == {
      kfp     = ["arn:aws:s3:::artifacts/*"]
      mlflow  = ["arn:aws:s3:::models/*"]
      server  = []
      scraper = ["arn:aws:s3:::artifacts/*"]
      trainer = ["arn:aws:s3:::artifacts/*"]
    }
    error_message = "A workload writes where it has no business."
  }
  assert {
    condition = toset([
      for workload, policy in data.aws_iam_policy_document.storage :
      workload if anytrue([for statement in policy.statement : contains(statement.actions, "s3:DeleteObject")])
    ]) == toset(["kfp", "mlflow"])
    error_message = "Another workload than KFP and MLflow may remove something."
  }
}

run "the_scraper_which_meets_the_internet_sees_neither_data_nor_models" {
  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.storage["scraper"].statement : [for resource in statement.resources : !strcontains(resource, "data") && !strcontains(resource, "models")]
    ]))
    error_message = "The scraper sees data or models."
  }
}

run "keys_are_used_through_their_service_alone" {
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(data.aws_iam_policy_document.storage), [data.aws_iam_policy_document.external_secrets, data.aws_iam_policy_document.publisher]) : [
        for statement in policy.statement :
        anytrue([for condition in statement.condition : condition.variable == "kms:ViaService"])
        if anytrue([for action in statement.actions : startswith(action, "kms:")])
      ]
    ]))
    error_message = "A role may decrypt what did not come from its service."
  }
  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.storage["server"].statement : !contains(statement.actions, "kms:GenerateDataKey")])
    error_message = "The server, which only reads, may encrypt."
  }
}

run "the_operator_reads_the_secrets_of_this_environment_alone" {
  assert {
    condition = data.aws_iam_policy_document.external_secrets.statement[0].resources == toset([
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:storywright-test/*",
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-test",
    ])
    error_message = "The operator reads secrets of others."
  }
}

run "the_autoscaler_changes_groups_of_this_cluster_alone" {
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.autoscaler.statement :
      anytrue([for condition in statement.condition : condition.variable == "aws:ResourceTag/k8s.io/cluster-autoscaler/storywright-test" && condition.values == tolist(["owned"])])
      if contains(statement.actions, "autoscaling:SetDesiredCapacity") || contains(statement.actions, "autoscaling:TerminateInstanceInAutoScalingGroup")
    ])
    error_message = "The autoscaler may end machines of others."
  }
}

run "who_delivers_removes_nothing" {
  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.publisher.statement : [for action in statement.actions : !strcontains(action, "Delete")]
    ]))
    error_message = "A delivery may remove images or data."
  }
}
