mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name              = "storywright-test-server"
  description       = "What the server may do"
  identity_provider = { arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/X", issuer = "oidc.example/id/X" }
  service_accounts  = ["storywright:server", "kubeflow:ml-pipeline"]
}

run "named_service_accounts_of_this_cluster_take_it_on_and_nobody_else" {
  assert {
    condition = alltrue([
      for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.test == "StringEquals"
    ])
    error_message = "A pattern would let others in."
  }
  assert {
    condition = toset([for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.values if condition.variable == "oidc.example/id/X:sub"]) == toset([
      tolist(["system:serviceaccount:kubeflow:ml-pipeline", "system:serviceaccount:storywright:server"])
    ])
    error_message = "Others than the named service accounts may take on the role."
  }
  assert {
    condition     = length([for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition if condition.variable == "oidc.example/id/X:aud" && condition.values == tolist(["sts.amazonaws.com"])]) == 1
    error_message = "A token that was made for somebody else would be taken."
  }
}

run "without_policies_it_may_do_nothing" {
  assert {
    condition     = length(aws_iam_role_policy.this) == 0 && length(aws_iam_role_policy_attachment.this) == 0
    error_message = "The role has rights that nobody gave it."
  }
}

run "a_wildcard_is_refused" {
  command = plan
  variables {
    service_accounts = ["storywright:*"]
  }
  expect_failures = [var.service_accounts]
}

run "a_role_for_nobody_is_refused" {
  command = plan
  variables {
    service_accounts = []
  }
  expect_failures = [var.service_accounts]
}

run "an_issuer_that_no_token_names_is_refused" {
  command = plan
  variables {
    identity_provider = { arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/X", issuer = "https://oidc.example/id/X" }
  }
  expect_failures = [var.identity_provider]
}

run "a_name_that_iam_refuses_is_refused" {
  command = plan
  variables {
    name = "a name with spaces"
  }
  expect_failures = [var.name]
}
