variable "stream_name" {
  description = "Name of the Firehose stream; the function's audit_firehose_stream"
  type        = string
  default     = "user-migration-audit"
  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,64}$", var.stream_name))
    error_message = "Takes 1 to 64 letters, digits and the signs _.-"
  }
}

variable "audit_format" {
  description = "Format of the records; the same as the function's"
  type        = string
  default     = "json"
  validation {
    condition     = contains(["json", "ocsf"], var.audit_format)
    error_message = "Takes json or ocsf."
  }
}

variable "first_day" {
  description = "The first day that queries look at"
  type        = string
  default     = "2026-01-01"
  validation {
    condition     = can(regex("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", var.first_day))
    error_message = "Takes a day such as 2026-01-01."
  }
}

variable "retention_days" {
  description = "Days after which records are deleted"
  type        = number
  default     = 400
  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 3650
    error_message = "Takes 1 to 3650."
  }
}

variable "database_name" {
  description = "Name of the Glue database; the workgroup has it too"
  type        = string
  default     = "user_migration"
  validation {
    condition     = can(regex("^[a-z0-9_]{1,128}$", var.database_name))
    error_message = "Takes 1 to 128 small letters, digits and underscores."
  }
}

variable "kms_key_arn" {
  description = "ARN of a KMS key for the bucket; without it, S3's own keys encrypt"
  type        = string
  default     = ""
  validation {
    condition     = var.kms_key_arn == "" || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "Takes nothing, or the ARN of a KMS key."
  }
}
