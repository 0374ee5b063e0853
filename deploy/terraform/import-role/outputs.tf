output "role_arn" {
  description = "For migratectl import --role"
  value       = aws_iam_role.role.arn
}

output "operator_policy_arn" {
  description = "Attach it to whoever runs migratectl import"
  value       = aws_iam_policy.operator_policy.arn
}
