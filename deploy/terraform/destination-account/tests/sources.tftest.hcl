# `terraform test` in this folder, with Terraform 1.7 or later: the provider is mocked, so no account is
# needed and nothing is made.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }
  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }
}

variables {
  image_uri                = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"
  destination_user_pool_id = "ap-northeast-1_GhIjKl456"
  audit_hmac_key           = "ssm:/user-migration/audit-hmac-key"
}

run "a_user_pool_of_this_account" {
  command = plan

  variables {
    source_user_pool_id = "ap-northeast-1_AbCdEf123"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function_role.policy).Statement : s.Sid] == ["ProvePasswordAndReadProfile", "WriteTheLog"]
    error_message = "The function may do something else than sign in at the pool and write its log."
  }
  assert {
    condition     = length(aws_cognito_user_pool_client.source_client) == 1
    error_message = "No app client is made."
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.function.environment[0].variables), "SOURCE_VARIABLES")
    error_message = "One user pool needs no variables in one."
  }
}

run "a_user_pool_of_another_account" {
  command = plan

  variables {
    source_user_pool_id = "ap-northeast-1_AbCdEf123"
    source_client_id    = "1example23456789"
    source_role_arn     = "arn:aws:iam::222222222222:role/user-migration"
    source_external_id  = "external-id-of-this-test"
    completion_after    = "disable"
    completion_hmac_key = "ssm:/user-migration/completion-hmac-key"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function_role.policy).Statement : s.Resource if s.Sid == "AssumeTheSourceRole"] == [["arn:aws:iam::222222222222:role/user-migration"]]
    error_message = "The function may not assume exactly the source's role."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.completion_role[0].policy).Statement : s.Resource if s.Sid == "AssumeTheSourceRole"] == [["arn:aws:iam::222222222222:role/user-migration-completion"]]
    error_message = "The completion function may not assume exactly its own role at the source."
  }
}

run "a_table" {
  command = plan

  variables {
    source_variables  = { SOURCE_KIND = "dynamodb", SOURCE_TABLE = "users", SOURCE_KEY = "username" }
    source_table_arns = ["arn:aws:dynamodb:ap-northeast-1:111111111111:table/users"]
    completion_after  = "delete"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function_role.policy).Statement : s if s.Sid == "ReadSourceTables"][0].Action == ["dynamodb:GetItem", "dynamodb:Query"]
    error_message = "The function may do something else than read the table."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.completion_role[0].policy).Statement : s if s.Sid == "UseSourceTables"][0].Action == ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    error_message = "The completion function may not delete items of the table."
  }
  assert {
    condition     = length(aws_cognito_user_pool_client.source_client) == 0
    error_message = "An app client is made, and there is no user pool."
  }
}

run "a_database_in_a_vpc" {
  command = plan

  variables {
    source_variables     = { SOURCE_KIND = "sql", SOURCE_DRIVER = "postgres", SOURCE_URL = "ssm:/user-migration/database" }
    source_database_arns = ["arn:aws:rds-db:ap-northeast-1:111111111111:dbuser:db-ABCDEFGHIJKL/reader"]
    subnet_ids           = ["subnet-0123456789abcdef0"]
    security_group_ids   = ["sg-0123456789abcdef0"]
  }

  assert {
    condition     = aws_lambda_function.function.vpc_config[0].subnet_ids == toset(["subnet-0123456789abcdef0"])
    error_message = "The function is not attached to the VPC."
  }
  assert {
    condition     = length(aws_iam_role_policy_attachment.function_role) == 1 && length(aws_iam_role_policy_attachment.completion_role) == 0
    error_message = "Lambda may not attach the function, or may attach one that is not made."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_policy.vpc_policy[0].policy).Statement : s.Action if s.Effect == "Deny"] == [["ec2:*"]]
    error_message = "The function's own code may call EC2."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function_role.policy).Statement : s.Sid] == ["ConnectToDatabases", "WriteTheLog"]
    error_message = "The function may do something else than connect to the database and write its log."
  }
}

run "a_service" {
  command = plan

  variables {
    source_variables = { SOURCE_KIND = "http", SOURCE_URL = "https://login.example.com/users", SOURCE_BEARER_TOKEN = "secretsmanager:service#token" }
    secret_arns      = ["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:service-AbCdEf"]
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.function_role.policy).Statement : s.Sid] == ["WriteTheLog", "ReadSecrets"]
    error_message = "The function may do something else than write its log and read the secret."
  }
  assert {
    condition     = jsondecode(nonsensitive(aws_lambda_function.function.environment[0].variables["SOURCE_VARIABLES"])).SOURCE_KIND == "http" && aws_lambda_function.function.environment[0].variables["SOURCE_KIND"] == ""
    error_message = "The function does not get the source's variables."
  }
}

run "a_user_pool_and_a_directory" {
  command = plan

  variables {
    source_user_pool_id = "ap-northeast-1_AbCdEf123"
    source_variables    = { MIGRATE_SOURCES = "SOURCE,CORP", CORP_KIND = "ldap", CORP_URL = "ldaps://dc.corp.example" }
    subnet_ids          = ["subnet-0123456789abcdef0"]
    security_group_ids  = ["sg-0123456789abcdef0"]
    completion_groups   = "*"
  }

  assert {
    condition     = aws_lambda_function.function.environment[0].variables["SOURCE_KIND"] == "cognito" && jsondecode(nonsensitive(aws_lambda_function.completion_function[0].environment[0].variables["SOURCE_VARIABLES"])).MIGRATE_SOURCES == "SOURCE,CORP"
    error_message = "The functions do not get both sources."
  }
  assert {
    condition     = length(aws_iam_role_policy_attachment.completion_role) == 1
    error_message = "Lambda may not attach the completion function."
  }
}

run "no_source_at_all" {
  command         = plan
  expect_failures = [aws_lambda_function.function]
}

run "subnets_without_security_groups" {
  command = plan

  variables {
    source_user_pool_id = "ap-northeast-1_AbCdEf123"
    subnet_ids          = ["subnet-0123456789abcdef0"]
  }

  expect_failures = [aws_lambda_function.function]
}

run "wrong_values" {
  command = plan

  variables {
    source_user_pool_id = "AbCdEf123"
    timeout             = 6
  }

  expect_failures = [var.source_user_pool_id, var.timeout]
}
