# Laid beside an environment's main.tf by the tests: the same code, against a stand-in for AWS on loopback.

terraform {
  backend "local" {}
}

provider "aws" {
  access_key        = "test"
  secret_key        = "test"
  s3_use_path_style = true
}
