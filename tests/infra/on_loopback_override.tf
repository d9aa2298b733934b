# Laid beside a root's main.tf by the tests: the same code, against a stand-in for AWS on loopback.

provider "aws" {
  s3_use_path_style = true
  max_retries       = 2 # what the stand-in does not know fails at once
}
