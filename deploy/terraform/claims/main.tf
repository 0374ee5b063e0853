# The function of the command claims, which puts the old sub into the tokens of the destination user
# pool (docs/claims.md): the function, its role, its log, and the permission for Cognito to invoke it.
# The user pool is not touched: `migratectl attach --claims` sets the trigger. (Where Terraform owns the
# pool, set its lambda_config.pre_token_generation_config instead.) cloudformation/claims.yaml is the
# same in CloudFormation, and a test compares what both make.
#
# No app client of the pool may write the attribute claims_attribute: who can write it can claim to be
# somebody else. `attach --claims` and `doctor` look at every app client.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.id
}

resource "aws_iam_role" "role" {
  description = "What the claims function may do"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "role" {
  name = "user-migration-claims"
  role = aws_iam_role.role.id

  policy = jsonencode({
    Version = "2012-10-17"
    # Not logs:CreateLogGroup: a group that Lambda makes is kept for ever.
    Statement = [{
      Sid      = "WriteTheLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.function_name}:*"]
    }]
  })
}

resource "aws_cloudwatch_log_group" "log_group" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "function" {
  function_name = var.function_name
  description   = "Puts the old sub into the tokens of a Cognito user pool"
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  role          = aws_iam_role.role.arn
  memory_size   = 128
  timeout       = 5

  image_config {
    command = ["claims"]
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.log_group.name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  environment {
    variables = {
      CLAIMS_LEGACY_SUB = var.claims_legacy_sub
      CLAIMS_ATTRIBUTE  = var.claims_attribute
    }
  }

  depends_on = [aws_iam_role_policy.role]

  lifecycle {
    precondition {
      condition     = split("_", var.destination_user_pool_id)[0] == local.region
      error_message = "The provider is not in the user pool's region; Cognito invokes functions of its own region alone."
    }
  }
}

# For this one pool.
resource "aws_lambda_permission" "permission_for_cognito" {
  function_name  = aws_lambda_function.function.function_name
  action         = "lambda:InvokeFunction"
  principal      = "cognito-idp.amazonaws.com"
  source_account = local.account
  source_arn     = "arn:${local.partition}:cognito-idp:${local.region}:${local.account}:userpool/${var.destination_user_pool_id}"
}
