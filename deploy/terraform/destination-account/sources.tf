# What other or more sources than one user pool need: their variables, permissions for exactly what is
# named, and the VPC that some are reached from. docs/setup-other-sources.md has an example of each kind.

locals {
  from_pool = var.source_user_pool_id != ""
  in_vpc    = length(var.subnet_ids) > 0

  # The program takes them in one variable, as CloudFormation must give them. So a name that is also set
  # by a variable of its own, or that nothing reads, is an error at start here too.
  more_variables       = nonsensitive(length(var.source_variables)) > 0
  own_for_completion   = nonsensitive(length(var.completion_source_variables)) > 0
  source_variables     = local.more_variables ? { SOURCE_VARIABLES = jsonencode(var.source_variables) } : {}
  completion_variables = local.own_for_completion ? { SOURCE_VARIABLES = jsonencode(var.completion_source_variables) } : local.source_variables
  completion_source_actions = concat(
    ["cognito-idp:AdminGetUser"],
    local.move_groups ? ["cognito-idp:AdminListGroupsForUser"] : [],
    # With delete too: a user who changed after the move is disabled instead.
    var.completion_after != "keep" ? ["cognito-idp:AdminDisableUser"] : [],
    # Deletion signs the user out everywhere first.
    var.completion_after == "delete" ? ["cognito-idp:AdminUserGlobalSignOut", "cognito-idp:AdminDeleteUser"] : [],
  )
  sign_in_source_actions = ["cognito-idp:AdminInitiateAuth", "cognito-idp:AdminGetUser", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:AdminGetUserAuthFactors"]

  # What the sign-in function may do at the sources.
  sign_in_sources = concat(
    !local.one_account || !local.from_pool ? [] : [{
      Sid      = "ProvePasswordAndReadProfile"
      Effect   = "Allow"
      Action   = local.sign_in_source_actions
      Resource = [local.source_pool_arn]
    }],
    local.one_account ? [] : [{
      Sid      = "AssumeTheSourceRole"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = [var.source_role_arn]
    }],
    length(var.source_role_arns) == 0 ? [] : [{
      Sid      = "AssumeSourceRoles"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = var.source_role_arns
    }],
    length(var.source_pool_arns) == 0 ? [] : [{
      Sid      = "UseSourcePools"
      Effect   = "Allow"
      Action   = local.sign_in_source_actions
      Resource = var.source_pool_arns
    }],
    length(var.source_table_arns) == 0 ? [] : [{
      Sid      = "ReadSourceTables"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:Query"]
      Resource = var.source_table_arns
    }],
    local.shared_sources,
  )

  # What the completion function may do there.
  completion_sources = concat(
    !local.one_account || !local.from_pool ? [] : [{
      Sid      = "ReadAndRetireMovedUser"
      Effect   = "Allow"
      Action   = local.completion_source_actions
      Resource = [local.source_pool_arn]
    }],
    local.one_account ? [] : [{
      Sid      = "AssumeTheSourceRole"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = [local.source_completion_role_arn]
    }],
    length(var.source_role_arns) == 0 ? [] : [{
      Sid      = "AssumeSourceRoles"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = [for arn in var.source_role_arns : "${arn}-completion"]
    }],
    length(var.source_pool_arns) == 0 ? [] : [{
      Sid      = "UseSourcePools"
      Effect   = "Allow"
      Action   = local.completion_source_actions
      Resource = var.source_pool_arns
    }],
    length(var.source_table_arns) == 0 ? [] : [{
      Sid    = "UseSourceTables"
      Effect = "Allow"
      Action = concat(
        ["dynamodb:GetItem", "dynamodb:Query"],
        var.completion_after != "keep" ? ["dynamodb:UpdateItem"] : [],
        var.completion_after == "delete" ? ["dynamodb:DeleteItem"] : [],
      )
      Resource = var.source_table_arns
    }],
    local.shared_sources,
  )

  shared_sources = concat(
    length(var.source_function_arns) == 0 ? [] : [{
      Sid      = "InvokeSourceFunctions"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = var.source_function_arns
    }],
    length(var.source_database_arns) == 0 ? [] : [{
      Sid      = "ConnectToDatabases"
      Effect   = "Allow"
      Action   = ["rds-db:connect"]
      Resource = var.source_database_arns
    }],
  )
}

# Lambda attaches the functions in the role's name, on no narrower resource. Their code may not.
resource "aws_iam_policy" "vpc_policy" {
  count = local.in_vpc ? 1 : 0

  name = "${var.function_role_name}-vpc"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LambdaAttaches"
        Effect   = "Allow"
        Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
        Resource = ["*"]
      },
      {
        Sid       = "NotTheCode"
        Effect    = "Deny"
        Action    = ["ec2:*"]
        Resource  = ["*"]
        Condition = { ArnLike = { "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.function_name}*" } }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "function_role" {
  count = local.in_vpc ? 1 : 0

  role       = aws_iam_role.function_role.name
  policy_arn = aws_iam_policy.vpc_policy[0].arn
}

resource "aws_iam_role_policy_attachment" "completion_role" {
  count = local.in_vpc && local.complete ? 1 : 0

  role       = aws_iam_role.completion_role[0].name
  policy_arn = aws_iam_policy.vpc_policy[0].arn
}
