output "function_name" {
  description = "For migratectl attach --claims, --function"
  value       = aws_lambda_function.function.function_name
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.function.arn
}
