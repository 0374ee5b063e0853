# `terraform test` in this folder, with Terraform 1.7 or later: the provider is mocked, so no account is
# needed and nothing is made.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "222222222222" }
  }
  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }
}

variables {
  source_user_pool_id = "ap-northeast-1_AbCdEf123"
  function_role_arn   = "arn:aws:iam::111111111111:role/user-migration-function"
  source_external_id  = "external-id-of-this-test"
}

run "signing_in" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role.role.assume_role_policy).Statement[0].Condition.ArnEquals["aws:PrincipalArn"] == var.function_role_arn
    error_message = "The role trusts another role than the function's."
  }
  assert {
    condition     = length(aws_iam_role.completion_role) == 0
    error_message = "A role for completion is made, and nothing asks for it."
  }
}

run "completion" {
  command = plan

  variables {
    completion_after = "disable"
  }

  assert {
    condition     = jsondecode(aws_iam_role.completion_role[0].assume_role_policy).Statement[0].Condition.ArnEquals["aws:PrincipalArn"] == "${var.function_role_arn}-completion"
    error_message = "The role for completion trusts another role than the completion function's."
  }
}

run "wrong_values" {
  command = plan

  variables {
    completion_after = "archive"
  }

  expect_failures = [var.completion_after]
}
