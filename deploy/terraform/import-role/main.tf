# What Cognito's user import job needs: a role by which the job writes its log, and a policy for
# the operator who runs migratectl export and import. docs/import.md says how to use both.
# cloudformation/import-role.yaml is the same in CloudFormation, with the same names, and a test
# compares what both make.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  region    = data.aws_region.current.id
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  log_group = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/cognito"
  # Composed, so that the plan shows the policy before the role exists.
  role_arn = "arn:${local.partition}:iam::${local.account}:role/${var.role_name}"
}

resource "aws_iam_role" "role" {
  name        = var.role_name
  description = "Writes the log of user import jobs"

  # The documented trust. Whether Cognito gives a source ARN or account for import jobs is not
  # documented, so no condition asks for one: the job would fail as a whole.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cognito-idp.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  lifecycle {
    precondition {
      condition     = split("_", var.destination_user_pool_id)[0] == local.region
      error_message = "The provider is not in the user pool's region."
    }
  }
}

resource "aws_iam_role_policy" "role" {
  name = "user-migration-import"
  role = aws_iam_role.role.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteLogOfImportJobs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = "${local.log_group}/*"
    }]
  })
}

resource "aws_iam_policy" "operator_policy" {
  name        = "${var.role_name}-operator"
  description = "Runs user import jobs by migratectl export and import"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "RunImportJobs"
        Effect = "Allow"
        Action = [
          "cognito-idp:CreateUserImportJob",
          "cognito-idp:DescribeUserImportJob",
          "cognito-idp:DescribeUserPool",
          "cognito-idp:GetCSVHeader",
          "cognito-idp:ListUserImportJobs",
          "cognito-idp:StartUserImportJob",
          "cognito-idp:StopUserImportJob",
        ]
        Resource = "arn:${local.partition}:cognito-idp:${local.region}:${local.account}:userpool/${var.destination_user_pool_id}"
      },
      {
        Sid      = "PassRoleToImportJobs"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = local.role_arn
      },
      {
        Sid      = "ReadLogOfImportJobs"
        Effect   = "Allow"
        Action   = "logs:GetLogEvents"
        Resource = "${local.log_group}/userpools/${var.destination_user_pool_id}/*"
      },
    ]
  })
}
