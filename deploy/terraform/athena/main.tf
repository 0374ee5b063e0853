# The data of the audit: records of AUDIT_SINKS=firehose in S3, for Athena. Optional; apply it in
# the account and region of the function, then set audit_sinks and audit_firehose_stream there.
# cloudformation/athena.yaml is the same in CloudFormation. See docs/athena.md.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account    = data.aws_caller_identity.current.account_id
  arn_prefix = "arn:${data.aws_partition.current.partition}"
  here       = "${data.aws_region.current.id}:${local.account}"
  with_key   = var.kms_key_arn != ""
  key_statement = [for key in local.with_key ? [var.kms_key_arn] : [] : {
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = key
  }]
}

resource "aws_s3_bucket" "bucket" {
  bucket_prefix = "${replace(var.stream_name, "/[^a-z0-9-]/", "-")}-"

  lifecycle {
    precondition {
      condition     = length(var.stream_name) <= 36
      error_message = "The name of the stream begins the bucket's, so it takes at most 36 characters here."
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bucket" {
  bucket = aws_s3_bucket.bucket.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = local.with_key ? "aws:kms" : "AES256"
      kms_master_key_id = local.with_key ? var.kms_key_arn : null
    }
    bucket_key_enabled = local.with_key ? true : null
  }
}

resource "aws_s3_bucket_public_access_block" "bucket" {
  bucket                  = aws_s3_bucket.bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bucket" {
  bucket = aws_s3_bucket.bucket.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "bucket" {
  bucket = aws_s3_bucket.bucket.id

  dynamic "rule" {
    for_each = { records = var.retention_days, errors = var.retention_days, results = 7 }
    content {
      id     = rule.key
      status = "Enabled"
      filter {
        prefix = "${rule.key}/"
      }
      expiration {
        days = rule.value
      }
    }
  }

  rule {
    id     = "uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "bucket" {
  bucket = aws_s3_bucket.bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOverTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.bucket.arn, "${aws_s3_bucket.bucket.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_iam_role" "stream" {
  name_prefix = "user-migration-audit-"
  description = "Writes the audit records of the user migration function to S3"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "firehose.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "stream" {
  name = "write"
  role = aws_iam_role.stream.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = ["${aws_s3_bucket.bucket.arn}/records/*", "${aws_s3_bucket.bucket.arn}/errors/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = aws_s3_bucket.bucket.arn
      },
    ], local.key_statement)
  })
}

resource "aws_kinesis_firehose_delivery_stream" "stream" {
  name        = var.stream_name
  destination = "extended_s3"

  server_side_encryption {
    enabled  = true
    key_type = "AWS_OWNED_CMK"
  }

  extended_s3_configuration {
    bucket_arn          = aws_s3_bucket.bucket.arn
    role_arn            = aws_iam_role.stream.arn
    prefix              = "records/day=!{timestamp:yyyy-MM-dd}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/"
    compression_format  = "GZIP"
    buffering_interval  = 300
    buffering_size      = 64
  }

  depends_on = [aws_iam_role_policy.stream]
}

resource "aws_glue_catalog_database" "database" {
  name        = var.database_name
  description = "Audit records of the user migration function"
}

resource "aws_glue_catalog_table" "records" {
  name          = "records"
  database_name = aws_glue_catalog_database.database.name
  table_type    = "EXTERNAL_TABLE"

  partition_keys {
    name = "day"
    type = "string"
  }

  parameters = {
    EXTERNAL                    = "TRUE"
    "projection.enabled"        = "true"
    "projection.day.type"       = "date"
    "projection.day.format"     = "yyyy-MM-dd"
    "projection.day.range"      = "${var.first_day},NOW"
    "storage.location.template" = "s3://${aws_s3_bucket.bucket.bucket}/records/day=$${day}/"
  }

  storage_descriptor {
    location      = "s3://${aws_s3_bucket.bucket.bucket}/records/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
    }

    dynamic "columns" {
      for_each = local.columns[var.audit_format]
      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}

resource "aws_athena_workgroup" "work_group" {
  name          = var.database_name
  description   = "Queries of the audit records of the user migration function"
  force_destroy = true

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = false
    result_configuration {
      output_location = "s3://${aws_s3_bucket.bucket.bucket}/results/"
      encryption_configuration {
        encryption_option = local.with_key ? "SSE_KMS" : "SSE_S3"
        kms_key_arn       = local.with_key ? var.kms_key_arn : null
      }
    }
  }
}

resource "aws_athena_named_query" "query" {
  for_each  = local.queries[var.audit_format]
  name      = each.key
  database  = aws_glue_catalog_database.database.name
  workgroup = aws_athena_workgroup.work_group.name
  query     = each.value
}

resource "aws_iam_policy" "reader" {
  name_prefix = "user-migration-audit-reader-"
  description = "Queries the audit records of the user migration function by Athena"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect = "Allow"
        Action = [
          "athena:BatchGetNamedQuery", "athena:GetNamedQuery", "athena:GetQueryExecution", "athena:GetQueryResults",
          "athena:GetWorkGroup", "athena:ListNamedQueries", "athena:StartQueryExecution", "athena:StopQueryExecution",
        ]
        Resource = "${local.arn_prefix}:athena:${local.here}:workgroup/${var.database_name}"
      },
      {
        Effect = "Allow"
        Action = ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"]
        Resource = [
          "${local.arn_prefix}:glue:${local.here}:catalog",
          "${local.arn_prefix}:glue:${local.here}:database/${var.database_name}",
          "${local.arn_prefix}:glue:${local.here}:table/${var.database_name}/records",
        ]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
        Resource = aws_s3_bucket.bucket.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${aws_s3_bucket.bucket.arn}/records/*", "${aws_s3_bucket.bucket.arn}/results/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = "${aws_s3_bucket.bucket.arn}/results/*"
      },
    ], local.key_statement)
  })
}
