output "function_name" {
  description = "For migratectl attach and doctor, --function"
  value       = aws_lambda_function.function.function_name
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.function.arn
}

output "function_role_arn" {
  description = "ARN of the execution role, which the source account trusts"
  value       = aws_iam_role.function_role.arn
}

output "log_group_name" {
  description = "Where log and audit lines are"
  value       = aws_cloudwatch_log_group.log_group.name
}

output "dashboard_name" {
  description = "The CloudWatch dashboard"
  value       = aws_cloudwatch_dashboard.dashboard.dashboard_name
}

output "next_step" {
  description = "Shows what attaching the trigger changes; --yes does it"
  value       = "bin/migratectl attach --destination-pool ${var.destination_user_pool_id} --function ${aws_lambda_function.function.function_name}"
}
