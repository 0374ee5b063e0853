# --- what the audit lines count -------------------------------------------------------------------
# The program writes metrics of its own (namespace CognitoUserMigration), which tell attempts by outcome
# and reason. An alarm cannot add up over reasons, so these count by outcome alone.

resource "aws_cloudwatch_log_metric_filter" "migrated_metric" {
  name           = "migrated"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.outcome = \"migrated\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Migrated"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "refused_metric" {
  name           = "refused"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.outcome = \"refused\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Refused"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "failed_metric" {
  name           = "failed"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.outcome = \"failed\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Failed"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "owed_metric" {
  count = local.complete ? 1 : 0

  name           = "owed"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.outcome = \"migrated\" && $.completion = \"owed\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Owed"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "completed_metric" {
  count = local.complete ? 1 : 0

  name           = "completed"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.completion = \"completed\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Completed"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_log_metric_filter" "abandoned_metric" {
  count = local.complete ? 1 : 0

  name           = "abandoned"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "{ $.logger = \"audit\" && $.completion = \"abandoned\" }"

  metric_transformation {
    namespace     = local.metric_namespace
    name          = "Abandoned"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

# --- alarms ---------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "failures_alarm" {
  alarm_name          = "${var.function_name}-failures"
  alarm_description   = "Attempts end without a decision. The source is unreachable, throttles, or is set up wrongly. See the audit lines with outcome failed, and run migratectl doctor."
  namespace           = local.metric_namespace
  metric_name         = "Failed"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = var.failure_alarm_threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

# What leaves no audit line: a start that fails (a wrong setting), a crash, a timeout.
resource "aws_cloudwatch_metric_alarm" "errors_alarm" {
  alarm_name        = "${var.function_name}-errors"
  alarm_description = "Invocations fail. If the failures alarm is silent, the function does not start (the log names the setting), crashes or times out."

  metric_query {
    id    = "unexplained"
    label = "errors that are no refusals"
    # With MIGRATE_REFUSAL=explain every refusal is an error of the function.
    expression  = local.explain ? "errors - FILL(refused, 0)" : "errors"
    return_data = true
  }

  metric_query {
    id          = "errors"
    return_data = false
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = var.function_name }
      period      = 300
      stat        = "Sum"
    }
  }

  dynamic "metric_query" {
    for_each = local.explain ? [1] : []
    content {
      id          = "refused"
      return_data = false
      metric {
        namespace   = local.metric_namespace
        metric_name = "Refused"
        period      = 300
        stat        = "Sum"
      }
    }
  }

  evaluation_periods  = 1
  threshold           = var.failure_alarm_threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "throttles_alarm" {
  alarm_name          = "${var.function_name}-throttles"
  alarm_description   = "Lambda throttles invocations, and users cannot sign in. The concurrency of the account or function is used up."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "duration_alarm" {
  alarm_name          = "${var.function_name}-duration"
  alarm_description   = "1 % of attempts take more than 4 of the 5 seconds that Cognito waits. The source is slow or far away."
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = var.function_name }
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 1
  threshold           = 4000
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "refusals_alarm" {
  alarm_name          = "${var.function_name}-refusals"
  alarm_description   = "Far more refusals than normal. Somebody guesses passwords or names, or a rule refuses the wrong users. See the dashboard's reasons."
  namespace           = local.metric_namespace
  metric_name         = "Refused"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = var.refusal_alarm_threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "owed_alarm" {
  count = local.complete ? 1 : 0

  alarm_name          = "${var.function_name}-owed"
  alarm_description   = "Users migrated whose completion could not be queued. Finish it with migratectl complete."
  namespace           = local.metric_namespace
  metric_name         = "Owed"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "dead_letters_alarm" {
  count = local.complete ? 1 : 0

  alarm_name          = "${var.function_name}-completion-dead"
  alarm_description   = "Completions were given up, one message each in the dead-letter queue. The audit lines hold the reasons; see migratectl complete."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "${local.completion_name}-dead" }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

# SQS leaves out messages that were received three times: those that wait for their user do not raise
# it, a function that takes none does.
resource "aws_cloudwatch_metric_alarm" "completion_age_alarm" {
  count = local.complete ? 1 : 0

  alarm_name          = "${var.function_name}-completion-age"
  alarm_description   = "Completions wait for more than 15 minutes. The completion function does not start or is throttled."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = local.completion_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 900
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = var.function_name

  dashboard_body = jsonencode({
    widgets = concat([
      {
        type = "metric", x = 0, y = 0, width = 12, height = 6
        properties = {
          title = "Attempts", region = local.region, view = "timeSeries", stacked = true, period = 300, stat = "Sum"
          metrics = [
            [local.metric_namespace, "Migrated", { label = "migrated" }],
            [local.metric_namespace, "Refused", { label = "refused" }],
            [local.metric_namespace, "Failed", { label = "failed" }],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 0, width = 12, height = 6
        properties = {
          title = "Duration, of which Cognito waits 5 s", region = local.region, view = "timeSeries", period = 300
          metrics = [
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = "p50", label = "p50" }],
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = "p99", label = "p99" }],
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { stat = "Maximum", label = "maximum" }],
          ]
          annotations = { horizontal = [{ label = "Cognito gives up", value = 5000 }] }
          yAxis       = { left = { min = 0 } }
        }
      },
      {
        type = "metric", x = 0, y = 6, width = 12, height = 6
        properties = {
          title = "Function", region = local.region, view = "timeSeries", period = 300, stat = "Sum"
          metrics = [
            ["AWS/Lambda", "Invocations", "FunctionName", var.function_name, { label = "invocations" }],
            ["AWS/Lambda", "Errors", "FunctionName", var.function_name, { label = "errors" }],
            ["AWS/Lambda", "Throttles", "FunctionName", var.function_name, { label = "throttles" }],
          ]
        }
      },
      {
        type = "log", x = 12, y = 6, width = 12, height = 6
        properties = {
          title = "Outcomes and reasons", region = local.region, view = "table"
          query = "SOURCE '${local.log_group_name}' | filter logger = 'audit' | stats count(*) as attempts by outcome, reason | sort attempts desc"
        }
      },
      ], !local.complete ? [] : [
      {
        type = "metric", x = 0, y = 12, width = 12, height = 6
        properties = {
          title = "Completion", region = local.region, view = "timeSeries", period = 300, stat = "Sum"
          metrics = [
            [local.metric_namespace, "Completed", { label = "completed" }],
            [local.metric_namespace, "Abandoned", { label = "abandoned" }],
            [local.metric_namespace, "Owed", { label = "not queued" }],
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${local.completion_name}-dead", { stat = "Maximum", label = "given up" }],
          ]
        }
      },
    ])
  })
}
