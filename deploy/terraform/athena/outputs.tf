output "stream_name" {
  description = "The function's audit_firehose_stream"
  value       = aws_kinesis_firehose_delivery_stream.stream.name
}

output "bucket_name" {
  description = "The bucket of the records; it must be empty before it can be deleted"
  value       = aws_s3_bucket.bucket.bucket
}

output "work_group_name" {
  description = "The workgroup with the named queries"
  value       = aws_athena_workgroup.work_group.name
}

output "reader_policy_arn" {
  description = "The policy for users who query"
  value       = aws_iam_policy.reader.arn
}
