# The destination account's part: the function, its role, its log, its alarms and a dashboard, and
# the permission for Cognito to invoke it. The user pool that the users come to is there already and
# is not changed: `migratectl attach` sets the trigger. (Where Terraform owns the pool, set its
# lambda_config.user_migration to the output function_arn instead; otherwise the next apply takes
# the trigger away again.) cloudformation/destination-account.yaml is the same in CloudFormation,
# with the same names, and a test compares what both make.
#
# Where the pool that the users leave is in this account too, this is all: without source_role_arn the
# function's own role may use that pool, and without source_client_id an app client of it is made here.
# For other or more sources, set source_variables: sources.tf, and ../examples.
#
# Otherwise apply it second, with a provider of the user pool's account and region: as a module of your
# own configuration, or as it stands with AWS_PROFILE and AWS_REGION. See deploy/README.md.
#
# Completion (completion.tf: a queue, a dead-letter queue, a second function of the same image with the
# command `complete`, alarms) is made only where completion_after or completion_groups asks for
# something, with migrate_on_mfa=enroll, and with migrate_on_mfa=carry where completion_hmac_key is given.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.id

  log_group_name   = "/aws/lambda/${var.function_name}"
  metric_namespace = "CognitoUserMigration/${var.function_name}"
  alarm_actions    = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
  explain          = var.migrate_refusal == "explain"

  pool_arn        = "arn:${local.partition}:cognito-idp:${local.region}:${local.account}:userpool/${var.destination_user_pool_id}"
  source_pool_arn = "arn:${local.partition}:cognito-idp:${split("_", var.source_user_pool_id)[0]}:${local.account}:userpool/${var.source_user_pool_id}"

  # Without a role the source is in this account.
  one_account        = var.source_role_arn == ""
  make_source_client = local.one_account && local.from_pool && var.source_client_id == ""
  source_client_id   = local.make_source_client ? aws_cognito_user_pool_client.source_client[0].id : var.source_client_id

  log_group_arns = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group"

  # Both functions take the same settings, but for the role.
  settings = {
    # An empty value counts as none.
    MIGRATE_ATTRIBUTES               = var.migrate_attributes
    MIGRATE_DESTINATION_SCHEMA       = var.migrate_destination_schema
    MIGRATE_DESTINATION_USER_POOL_ID = var.destination_user_pool_id
    MIGRATE_VERIFIED_CONTACTS        = var.migrate_verified_contacts
    MIGRATE_USERNAME                 = var.migrate_username
    MIGRATE_ON_TEMPORARY_PASSWORD    = var.migrate_on_temporary_password
    MIGRATE_ON_MFA                   = var.migrate_on_mfa
    MIGRATE_DESTINATION_MFA          = var.migrate_destination_mfa
    MIGRATE_MFA_GROUP                = var.migrate_mfa_group
    MIGRATE_ON_WEAK_PASSWORD         = var.migrate_on_weak_password
    MIGRATE_PASSWORD_POLICY          = var.migrate_password_policy
    MIGRATE_ON_RESET_REQUIRED        = var.migrate_on_reset_required
    MIGRATE_ON_FORGOT_PASSWORD       = var.migrate_on_forgot_password
    MIGRATE_REFUSAL                  = var.migrate_refusal
    MIGRATE_FORCE_ALIAS_CREATION     = tostring(var.migrate_force_alias_creation)
    MIGRATE_MESSAGE_ACTION           = var.migrate_message_action
    SOURCE_KIND                      = local.from_pool ? "cognito" : ""
    SOURCE_USER_POOL_ID              = var.source_user_pool_id
    SOURCE_CLIENT_ID                 = local.source_client_id
    SOURCE_CLIENT_SECRET             = var.source_client_secret
    SOURCE_REGION                    = var.source_region
    SOURCE_PROFILE                   = local.from_pool ? var.source_profile : ""
    SOURCE_MFA                       = var.source_mfa
    SOURCE_MATCH                     = var.source_match
    SOURCE_ROLE_ARN                  = var.source_role_arn
    SOURCE_EXTERNAL_ID               = var.source_external_id
    AUDIT_SINKS                      = var.audit_sinks
    AUDIT_FORMAT                     = var.audit_format
    AUDIT_FAILURE                    = var.audit_failure
    AUDIT_EVENT_BUS                  = var.audit_event_bus
    AUDIT_FIREHOSE_STREAM            = var.audit_firehose_stream
    AUDIT_USERNAME                   = var.audit_username
    AUDIT_HMAC_KEY                   = var.audit_hmac_key
    COMPLETION_AFTER                 = var.completion_after
    COMPLETION_GROUPS                = var.completion_groups
    COMPLETION_CREATE_GROUPS         = tostring(var.completion_create_groups)
    COMPLETION_HMAC_KEY              = var.completion_hmac_key
    COMPLETION_HMAC_KEY_PREVIOUS     = var.completion_hmac_key_previous
    COMPLETION_FAILURE               = var.completion_failure
    COMPLETION_QUEUE_URL             = local.completion_queue_url
    LOCKOUT_TABLE                    = local.lockout_table
  }

  audit_sinks   = split(",", var.audit_sinks)
  audit_bus_arn = startswith(var.audit_event_bus, "arn:") ? var.audit_event_bus : "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${var.audit_event_bus}"

  # What both functions may do.
  shared = concat(
    # Not logs:CreateLogGroup: the group below is made with its retention before the function is,
    # and one that Lambda makes is kept for ever.
    [{
      Sid      = "WriteTheLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arns}:${local.log_group_name}:*"]
    }],
    !contains(local.audit_sinks, "eventbridge") ? [] : [{
      Sid      = "PutAuditEvents"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = [local.audit_bus_arn]
    }],
    !contains(local.audit_sinks, "firehose") ? [] : [{
      Sid      = "PutAuditRecords"
      Effect   = "Allow"
      Action   = ["firehose:PutRecord"]
      Resource = ["arn:${local.partition}:firehose:${local.region}:${local.account}:deliverystream/${var.audit_firehose_stream}"]
    }],
    length(var.secret_arns) == 0 ? [] : [{
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = var.secret_arns
    }],
    length(var.secret_parameter_arns) == 0 ? [] : [{
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = var.secret_parameter_arns
    }],
    length(var.secret_key_arns) == 0 ? [] : [{
      Sid       = "DecryptThem"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = var.secret_key_arns
      Condition = { StringEquals = { "kms:ViaService" = [for service in concat(["secretsmanager", "ssm"], length(var.source_table_arns) == 0 ? [] : ["dynamodb"]) : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"] } }
    }],
  )

  lambda_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role" "function_role" {
  name               = var.function_role_name
  description        = "What the user migration function may do"
  assume_role_policy = local.lambda_trust
}

resource "aws_iam_role_policy" "function_role" {
  name = "user-migration"
  role = aws_iam_role.function_role.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.sign_in_sources,
      !local.complete ? [] : [{
        Sid      = "QueueCompletions"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [local.completion_queue_arn]
      }],
      !var.make_lockout_table ? [] : [{
        Sid      = "CountTries"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:DeleteItem"]
        Resource = ["arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.lockout_name}"]
      }],
      local.shared,
      var.source_client_secret_arn == "" ? [] : [{
        Sid      = "ReadClientSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "ssm:GetParameter"]
        Resource = [var.source_client_secret_arn]
      }],
    )
  })
}

# For one account: what the source account's module makes for two, and says why there.
resource "aws_cognito_user_pool_client" "source_client" {
  count = local.make_source_client ? 1 : 0

  name                          = var.function_name
  user_pool_id                  = var.source_user_pool_id
  explicit_auth_flows           = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "LEGACY"
  generate_secret               = false

  access_token_validity  = 5
  id_token_validity      = 5
  refresh_token_validity = 60
  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "minutes"
  }
  enable_token_revocation = true
}

# It outlives `terraform destroy`: its audit lines are the account of who was moved. To apply again
# under the same name, delete it or import it first.
resource "aws_cloudwatch_log_group" "log_group" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  skip_destroy      = true
}

resource "aws_lambda_function" "function" {
  function_name = var.function_name
  description   = "Moves users into a Cognito user pool as they sign in"
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  role          = aws_iam_role.function_role.arn
  memory_size   = var.memory_size
  timeout       = var.timeout

  reserved_concurrent_executions = var.reserved_concurrent_executions == "" ? -1 : tonumber(var.reserved_concurrent_executions)

  image_config {
    command = ["migrate"]
  }

  logging_config {
    log_group = aws_cloudwatch_log_group.log_group.name
    # The program writes JSON by itself; this makes Lambda's own lines the same, and lets the level
    # reach the program.
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  environment {
    variables = merge(local.settings, local.source_variables)
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }

  # Else a first sign-in could come before the permissions, and Lambda could not attach it to the VPC.
  depends_on = [aws_iam_role_policy.function_role, aws_iam_role_policy_attachment.function_role]

  lifecycle {
    precondition {
      condition     = split("_", var.destination_user_pool_id)[0] == local.region
      error_message = "The provider is not in the user pool's region; Cognito invokes functions of its own region alone."
    }
    precondition {
      condition     = local.one_account || var.source_external_id != "" && var.source_client_id != ""
      error_message = "source_role_arn needs source_external_id, without which the role is given to nobody, and source_client_id, which the source's module puts out."
    }
    precondition {
      condition     = !local.one_account || var.source_external_id == ""
      error_message = "source_external_id has an effect only with source_role_arn."
    }
    precondition {
      condition     = local.from_pool || local.more_variables
      error_message = "Give source_user_pool_id, source_variables, or both."
    }
    precondition {
      condition     = !local.in_vpc || length(var.security_group_ids) > 0
      error_message = "subnet_ids needs security_group_ids."
    }
    precondition {
      condition     = !var.make_lockout_table || var.audit_hmac_key != ""
      error_message = "make_lockout_table needs audit_hmac_key: the table holds digests of names."
    }
  }
}

# For this one pool. Its ARN holds the account already; that source_account stands beside it is AWS's
# advice against the confused deputy.
resource "aws_lambda_permission" "permission_for_cognito" {
  function_name  = aws_lambda_function.function.function_name
  action         = "lambda:InvokeFunction"
  principal      = "cognito-idp.amazonaws.com"
  source_account = local.account
  source_arn     = local.pool_arn
}
