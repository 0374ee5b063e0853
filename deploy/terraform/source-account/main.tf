# The source account's part: an app client of the user pool that the users leave, and a role
# through which the function of the other account may use it. The pool itself is there already
# and is not changed. cloudformation/source-account.yaml is the same in CloudFormation, with the
# same names, and a test compares what both make.
#
# Apply it first, with a provider of the user pool's account and region: as a module of your own
# configuration, or as it stands with AWS_PROFILE and AWS_REGION. See deploy/README.md.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  region   = data.aws_region.current.id
  pool_arn = "arn:${data.aws_partition.current.partition}:cognito-idp:${local.region}:${data.aws_caller_identity.current.account_id}:userpool/${var.source_user_pool_id}"

  function_account = split(":", var.function_role_arn)[4]

  disable     = var.completion_after != "keep"
  delete      = var.completion_after == "delete"
  read_groups = var.completion_groups != ""
  # Completion sets second factors, or adds the group of those who set up a new one.
  set_mfa  = contains(["carry", "enroll"], var.migrate_on_mfa)
  complete = local.disable || local.read_groups || local.set_mfa

  # By the role that each is for: the principal is the account, narrowed to the one role by condition.
  # A role as principal must exist when this is applied (it comes second), and IAM would keep its
  # internal ID, so that the same role, deleted and made again, is a stranger. For a session of the
  # role, aws:PrincipalArn is the role's ARN. It may be no other role of that account, and also the
  # right one must be allowed sts:AssumeRole there.
  trust = {
    for role in [var.function_role_arn, "${var.function_role_arn}-completion"] : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${local.function_account}:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          ArnEquals    = { "aws:PrincipalArn" = role }
          StringEquals = { "sts:ExternalId" = var.source_external_id }
        }
      }]
    })
  }
}

resource "aws_cognito_user_pool_client" "client" {
  name         = var.client_name
  user_pool_id = var.source_user_pool_id

  # The flow of AdminInitiateAuth alone: it takes IAM credentials, so that nobody can sign in
  # through this client who is not allowed to take on the role below. Refreshing is no sign-in,
  # and Cognito has refused clients without it ("REFRESH_TOKEN_AUTH should always be allowed",
  # aws-cdk issue 7625).
  explicit_auth_flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

  # With ENABLED, Cognito answers NotAuthorized to an unknown user as to a wrong password, and for
  # imported users to a demanded reset: the function could no longer tell them apart. Here nothing
  # leaks: only the function asks, and the destination's client is what people see.
  prevent_user_existence_errors = "LEGACY"
  generate_secret               = var.generate_client_secret

  # The function throws the tokens away. These are the shortest that Cognito takes.
  access_token_validity  = 5
  id_token_validity      = 5
  refresh_token_validity = 60
  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "minutes"
  }
  enable_token_revocation = true

  # read_attributes stays unset: standard attributes can be read from the ID token. Whoever uses
  # SOURCE_PROFILE=id_token for custom attributes must list all that are wanted.
}

resource "aws_iam_role" "role" {
  name        = var.role_name
  description = "Proves passwords and reads profiles for the user migration function"

  # The least that IAM takes; the function asks for 15 minutes at a time.
  max_session_duration = 3600

  assume_role_policy = local.trust[var.function_role_arn]

  lifecycle {
    precondition {
      condition     = split("_", var.source_user_pool_id)[0] == local.region
      error_message = "The provider is not in the user pool's region."
    }
  }
}

resource "aws_iam_role_policy" "role" {
  name = "user-migration"
  role = aws_iam_role.role.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ProvePasswordAndReadProfile"
      Effect   = "Allow"
      Action   = ["cognito-idp:AdminInitiateAuth", "cognito-idp:AdminGetUser", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:AdminGetUserAuthFactors"]
      Resource = local.pool_arn
    }]
  })
}

# Completion, the second half of the move, has a role of its own, made only where it is asked for and
# trusted only to completion's function: the function that everybody's sign-ins reach can disable and
# delete nobody. Both names are those above with -completion after them.
resource "aws_iam_role" "completion_role" {
  count = local.complete ? 1 : 0

  name                 = "${var.role_name}-completion"
  description          = "Reads and parts with users for the completion function of the user migration"
  max_session_duration = 3600
  assume_role_policy   = local.trust["${var.function_role_arn}-completion"]
}

resource "aws_iam_role_policy" "completion_role" {
  count = local.complete ? 1 : 0

  name = "user-migration"
  role = aws_iam_role.completion_role[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "ReadProfile"
        Effect   = "Allow"
        Action   = ["cognito-idp:AdminGetUser"]
        Resource = local.pool_arn
      }],
      !local.read_groups ? [] : [{
        Sid      = "ReadGroups"
        Effect   = "Allow"
        Action   = ["cognito-idp:AdminListGroupsForUser"]
        Resource = local.pool_arn
      }],
      # With delete too: a user who has changed since the move is disabled instead.
      !local.disable ? [] : [{
        Sid      = "DisableMovedUser"
        Effect   = "Allow"
        Action   = ["cognito-idp:AdminDisableUser"]
        Resource = local.pool_arn
      }],
      # Deletion signs the user out everywhere first.
      !local.delete ? [] : [{
        Sid      = "DeleteMovedUser"
        Effect   = "Allow"
        Action   = ["cognito-idp:AdminUserGlobalSignOut", "cognito-idp:AdminDeleteUser"]
        Resource = local.pool_arn
      }],
    )
  })
}
