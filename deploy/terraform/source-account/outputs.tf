# Each is the destination account's variable of the same name.

output "source_user_pool_id" {
  description = "ID of the user pool that the users leave"
  value       = var.source_user_pool_id
}

output "source_client_id" {
  description = "ID of the app client. A secret, if asked for, is read by describe-user-pool-client"
  value       = aws_cognito_user_pool_client.client.id
}

output "source_role_arn" {
  description = "ARN of the role that the function takes on"
  value       = aws_iam_role.role.arn
}

output "source_region" {
  description = "Region of the user pool"
  value       = local.region
}
