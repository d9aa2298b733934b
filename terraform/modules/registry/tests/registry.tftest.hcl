mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name    = "storywright-test"
  images  = ["serve", "train"]
  key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "a_tag_never_moves_and_each_image_is_scanned_and_encrypted" {
  assert {
    condition     = toset(values(aws_ecr_repository.this)[*].name) == toset(["storywright-test/serve", "storywright-test/train"])
    error_message = "An image has no repository of its own."
  }
  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" &&
      repository.image_scanning_configuration[0].scan_on_push &&
      repository.encryption_configuration[0].encryption_type == "KMS" &&
      repository.encryption_configuration[0].kms_key == var.key_arn &&
      !repository.force_delete
    ])
    error_message = "A tag can move, or an image is neither scanned nor encrypted, or could be lost with its repository."
  }
}

run "untagged_images_go_and_the_newest_stay" {
  assert {
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.this : [for rule in jsondecode(policy.policy).rules : [rule.selection.tagStatus, rule.selection.countNumber]] == [["untagged", 7], ["any", 100]]
    ])
    error_message = "Images pile up, or go too soon."
  }
}

run "images_without_a_key_are_refused" {
  command = plan
  variables {
    key_arn = ""
  }
  expect_failures = [var.key_arn]
}

run "too_few_images_to_roll_back_are_refused" {
  command = plan
  variables {
    keep_images = 1
  }
  expect_failures = [var.keep_images]
}

run "an_image_name_that_docker_refuses_is_refused" {
  command = plan
  variables {
    images = ["Serve"]
  }
  expect_failures = [var.images]
}
