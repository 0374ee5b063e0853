# Completion, the second half of the move: made only where something is asked for.

locals {
  move_groups   = var.completion_groups != ""
  enroll        = var.migrate_on_mfa == "enroll"
  set_mfa       = local.enroll || var.migrate_on_mfa == "carry" && nonsensitive(var.completion_hmac_key != "")
  add_to_groups = local.move_groups || local.enroll
  create_groups = local.add_to_groups && var.completion_create_groups
  complete      = var.completion_after != "keep" || local.move_groups || local.set_mfa

  completion_name             = "${var.function_name}-completion"
  completion_queue_url        = local.complete ? aws_sqs_queue.completion_queue[0].url : ""
  completion_queue_arn        = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.completion_name}"
  completion_dead_letters_arn = "${local.completion_queue_arn}-dead"
  source_completion_role_arn  = local.one_account ? "" : "${var.source_role_arn}-completion"
}

# Goes with completion, and what it holds with it: wait until it is empty. The audit lines tell what
# was queued.
resource "aws_sqs_queue" "completion_queue" {
  count = local.complete ? 1 : 0

  name                    = local.completion_name
  sqs_managed_sse_enabled = true

  # Six times the function's timeout, as Lambda asks for.
  visibility_timeout_seconds = 360
  message_retention_seconds  = 1209600

  # The function waits longer each time, up to an hour: this is a week. Who was moved by a forgotten
  # password may take days to set a new one. SQS counts a message's 14 days from the beginning, in the
  # dead-letter queue too, so a week is left to look at it.
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.completion_dead_letters_arn
    maxReceiveCount     = 168
  })

  # Named above by an ARN that is known beforehand.
  depends_on = [aws_sqs_queue.completion_dead_letters]
}

resource "aws_sqs_queue" "completion_dead_letters" {
  count = local.complete ? 1 : 0

  name                      = "${local.completion_name}-dead"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

# A message names whom to retire. Only the function that moved them may write one, and nothing is read
# or written without TLS. To move dead letters back, the operator has to take the first statement out for
# the time; `migratectl complete` needs no queue.
resource "aws_sqs_queue_policy" "completion_queue_policy" {
  count = local.complete ? 1 : 0

  queue_url = local.completion_queue_url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTheFunctionSends"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sqs:SendMessage"]
        Resource  = [local.completion_queue_arn]
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = "arn:${local.partition}:iam::${local.account}:role/${var.function_role_name}" } }
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sqs:*"]
        Resource  = [local.completion_queue_arn]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# Nobody sends here but SQS itself, which moves dead letters. The condition keeps the statement from SQS,
# should it come under the policy.
resource "aws_sqs_queue_policy" "completion_dead_letters_policy" {
  count = local.complete ? 1 : 0

  queue_url = aws_sqs_queue.completion_dead_letters[0].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "NobodySends"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sqs:SendMessage"]
        Resource  = [local.completion_dead_letters_arn]
        Condition = { Bool = { "aws:PrincipalIsAWSService" = "false" } }
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sqs:*"]
        Resource  = [local.completion_dead_letters_arn]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_iam_role" "completion_role" {
  count = local.complete ? 1 : 0

  name               = "${var.function_role_name}-completion"
  description        = "What the completion function of the user migration may do"
  assume_role_policy = local.lambda_trust
}

resource "aws_iam_role_policy" "completion_role" {
  count = local.complete ? 1 : 0

  name = "user-migration"
  role = aws_iam_role.completion_role[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.completion_sources,
      # Lambda, which fetches the messages, calls all but the last.
      [{
        Sid      = "TakeCompletions"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
        Resource = [local.completion_queue_arn]
      }],
      [{
        Sid    = "FinishMovedUser"
        Effect = "Allow"
        Action = concat(
          ["cognito-idp:AdminGetUser"],
          local.set_mfa ? ["cognito-idp:AdminSetUserMFAPreference"] : [],
          local.add_to_groups ? ["cognito-idp:AdminAddUserToGroup"] : [],
          local.create_groups ? ["cognito-idp:CreateGroup"] : [],
        )
        Resource = [local.pool_arn]
      }],
      local.shared,
    )
  })
}

resource "aws_lambda_function" "completion_function" {
  count = local.complete ? 1 : 0

  function_name = local.completion_name
  description   = "Finishes moves once Cognito has created the user"
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = [var.architecture]
  role          = aws_iam_role.completion_role[0].arn
  memory_size   = var.memory_size
  # Nobody waits for it: ten messages of a few calls each.
  timeout = 60

  image_config {
    command = ["complete"]
  }

  logging_config {
    # One group for both: what became of a person is found in one place.
    log_group             = aws_cloudwatch_log_group.log_group.name
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  environment {
    variables = merge(local.settings, { SOURCE_ROLE_ARN = local.source_completion_role_arn, SOURCE_CLIENT_SECRET = "" }, local.completion_variables)
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }

  # Else Lambda could not attach it to the VPC.
  depends_on = [aws_iam_role_policy_attachment.completion_role]
}

resource "aws_lambda_event_source_mapping" "completion_mapping" {
  count = local.complete ? 1 : 0

  function_name    = aws_lambda_function.completion_function[0].function_name
  event_source_arn = aws_sqs_queue.completion_queue[0].arn
  batch_size       = 10
  # Without it, one message that is not done brings back all ten.
  function_response_types = ["ReportBatchItemFailures"]

  # The least that Lambda takes: completion shares both pools' request quotas with people who sign in,
  # and can wait.
  scaling_config {
    maximum_concurrency = 2
  }

  # Lambda tries the permissions when the mapping is made.
  depends_on = [aws_iam_role_policy.completion_role]
}

