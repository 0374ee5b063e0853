# The parameters of cloudformation/destination-account.yaml, under the same names; a test compares
# them.

variable "image_uri" {
  description = "Image in ECR, in this region, with its tag or digest (deploy/push-image.sh)"
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr[a-z0-9.-]*\\.amazonaws\\.com(\\.cn)?/[a-z0-9._/-]+[:@].+$", var.image_uri))
    error_message = "Takes an image in ECR with its tag or digest."
  }
}

variable "destination_user_pool_id" {
  description = "ID of the destination user pool, such as ap-northeast-1_GhIjKl456"
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]+$", var.destination_user_pool_id))
    error_message = "Takes a user pool ID, such as ap-northeast-1_GhIjKl456."
  }
}

variable "function_name" {
  description = "Name of the function; the completion function adds -completion"
  type        = string
  default     = "user-migration"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,53}$", var.function_name))
    error_message = "Takes letters, digits, hyphens and underscores, at most 53."
  }
}

variable "function_role_name" {
  description = "Name of the execution role, which the source account trusts; completion adds -completion"
  type        = string
  default     = "user-migration-function"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,53}$", var.function_role_name))
    error_message = "Takes letters, digits and the signs _+=,.@-, at most 53."
  }
}

variable "architecture" {
  description = "Architecture of the image"
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Takes arm64 or x86_64."
  }
}

# The program needs a few dozen MB. What it waits for is its own cold start and two TLS handshakes,
# and Lambda gives CPU in proportion to memory.
variable "memory_size" {
  description = "Memory in MB; Lambda gives CPU in proportion"
  type        = number
  default     = 512

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "Takes 128 to 10240."
  }
}

# Cognito waits 5 s, whatever stands here, and then asks again: what a function does after that,
# nobody reads. The function keeps half a second of its time for the answer, so less than 5 takes
# from the source's. The time of a cold start does not count here.
variable "timeout" {
  description = "Timeout in seconds; Cognito waits no longer than 5"
  type        = number
  default     = 5

  validation {
    condition     = var.timeout >= 3 && var.timeout <= 5
    error_message = "Takes 3 to 5."
  }
}

# Too few, and Lambda throttles sign-ins; none, and another function can use up the account's.
variable "reserved_concurrent_executions" {
  description = "Concurrent invocations that are reserved for the function; empty for none"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[1-9][0-9]{0,4})$", var.reserved_concurrent_executions))
    error_message = "Takes nothing, or 1 to 99999."
  }
}

# No WARN and no ERROR: with JSON logs Lambda itself drops the lines below the level, and audit lines
# are INFO. The records of who was moved would be gone, and with them the alarms.
variable "log_level" {
  description = "Lowest level of log lines; audit lines are INFO"
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO"], var.log_level)
    error_message = "Takes TRACE, DEBUG or INFO."
  }
}

variable "log_retention_days" {
  description = "Days that the log and its audit lines are kept"
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

# --- the function's own settings: each is the environment variable of the same name. Defaults and
# choices are the program's, and a test compares them. `migratectl settings` lists them.

variable "migrate_attributes" {
  description = "Rules for the attributes of the new user, separated by commas"
  type        = string
  default     = "*"
}

variable "migrate_destination_schema" {
  description = "The destination's custom and required attributes, as migratectl doctor prints them"
  type        = string
  default     = ""
}

variable "migrate_verified_contacts" {
  description = "Who vouches for email and phone number, the source or you for all of them"
  type        = string
  default     = "source"

  validation {
    condition     = contains(["source", "always"], var.migrate_verified_contacts)
    error_message = "Takes source or always."
  }
}

variable "migrate_username" {
  description = "Under which name the user is created"
  type        = string
  default     = "auto"

  validation {
    condition     = contains(["auto", "submitted", "source", "omit"], var.migrate_username)
    error_message = "Takes auto, submitted, source or omit."
  }
}

variable "migrate_on_temporary_password" {
  description = "What becomes of a user with a temporary password"
  type        = string
  default     = "reset"

  validation {
    condition     = contains(["reset", "confirm", "refuse"], var.migrate_on_temporary_password)
    error_message = "Takes reset, confirm or refuse."
  }
}

variable "migrate_on_mfa" {
  description = "What becomes of a user with a second factor"
  type        = string
  default     = "refuse"

  validation {
    condition     = contains(["refuse", "carry", "enroll", "migrate"], var.migrate_on_mfa)
    error_message = "Takes refuse, carry, enroll or migrate."
  }
}

variable "migrate_destination_mfa" {
  description = "Second factors of the destination, such as ON,SMS_MFA; carry and enroll need it"
  type        = string
  default     = ""
}

variable "migrate_mfa_group" {
  description = "Group of users who must set up a new second factor; enroll needs it"
  type        = string
  default     = ""
}

variable "migrate_on_weak_password" {
  description = "What becomes of a password that MigratePasswordPolicy does not allow"
  type        = string
  default     = "migrate"

  validation {
    condition     = contains(["migrate", "reset", "refuse"], var.migrate_on_weak_password)
    error_message = "Takes migrate, reset or refuse."
  }
}

variable "migrate_password_policy" {
  description = "Password policy of the destination, such as MinimumLength=8,RequireNumbers"
  type        = string
  default     = ""
}

variable "migrate_on_reset_required" {
  description = "What becomes of a user whom the source tells to reset the password"
  type        = string
  default     = "reset"

  validation {
    condition     = contains(["reset", "refuse"], var.migrate_on_reset_required)
    error_message = "Takes reset or refuse."
  }
}

variable "migrate_on_forgot_password" {
  description = "What becomes of a user who forgot the password"
  type        = string
  default     = "migrate"

  validation {
    condition     = contains(["migrate", "refuse"], var.migrate_on_forgot_password)
    error_message = "Takes migrate or refuse."
  }
}

variable "migrate_refusal" {
  description = "The form of a refusal, as for a wrong password or with the reason"
  type        = string
  default     = "conceal"

  validation {
    condition     = contains(["conceal", "explain"], var.migrate_refusal)
    error_message = "Takes conceal or explain."
  }
}

variable "migrate_force_alias_creation" {
  description = "Take an alias from the destination user who holds it"
  type        = bool
  default     = false
}

variable "migrate_message_action" {
  description = "Whether Cognito sends its welcome message"
  type        = string
  default     = "suppress"

  validation {
    condition     = contains(["suppress", "send"], var.migrate_message_action)
    error_message = "Takes suppress or send."
  }
}

variable "source_user_pool_id" {
  description = "ID of the source user pool; empty where SourceVariables has other sources alone"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]+)$", var.source_user_pool_id))
    error_message = "Takes nothing, or a user pool ID, such as ap-northeast-1_AbCdEf123."
  }
}

variable "source_client_id" {
  description = "ID of the source's app client, an output of its stack; empty in one account makes one"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|[A-Za-z0-9_+]{1,128})$", var.source_client_id))
    error_message = "Takes an app client ID, or nothing."
  }
}

# The value itself would stand in the function's environment and in Terraform's state, for whoever may
# read either: better a reference, secretsmanager:NAME#KEY or ssm:NAME, and below the ARN.
variable "source_client_secret" {
  description = "The app client's secret, if it has one, or a reference to it"
  type        = string
  default     = ""
  sensitive   = true
}

variable "source_region" {
  description = "Region of the source pool; empty for the one in its ID"
  type        = string
  default     = ""
}

variable "source_profile" {
  description = "Where the profile is read"
  type        = string
  default     = "admin_get_user"

  validation {
    condition     = contains(["admin_get_user", "concurrent", "id_token"], var.source_profile)
    error_message = "Takes admin_get_user, concurrent or id_token."
  }
}

variable "source_mfa" {
  description = "MFA setting of the source pool; if empty, the function asks the pool"
  type        = string
  default     = ""

  validation {
    condition     = contains(["", "OFF", "OPTIONAL", "ON"], var.source_mfa)
    error_message = "Takes OFF, OPTIONAL or ON, or nothing."
  }
}

variable "source_match" {
  description = "Patterns of usernames for the source, separated by commas; empty for all"
  type        = string
  default     = ""
}

variable "source_role_arn" {
  description = "ARN of the role in the source account, an output of its stack; empty in one account"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512})$", var.source_role_arn))
    error_message = "Takes a role's ARN, such as arn:aws:iam::222222222222:role/user-migration, or nothing."
  }
}

variable "source_external_id" {
  description = "External ID of the role; the same as in the source account"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]*$", var.source_external_id)) && length(var.source_external_id) != 1 && length(var.source_external_id) <= 1224
    error_message = "Takes nothing, or 2 to 1224 letters, digits and the signs _+=,.@:/-."
  }

  validation {
    condition     = var.source_external_id != "choose-your-own"
    error_message = "This is the placeholder of the examples; choose a value of your own."
  }
}

# Every kind of source, and several: their variables by name, as the program's settings list them.
variable "source_variables" {
  description = "Variables of other or more sources, and OTEL_*, as a JSON object; secrets in it by reference"
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "completion_source_variables" {
  description = "The same for completion where it differs, as by a role; empty for SourceVariables"
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "audit_sinks" {
  description = "Where audit records go, any of log,eventbridge,firehose; the alarms count the log"
  type        = string
  default     = "log"

  validation {
    condition     = can(regex("^(log|eventbridge|firehose)(,(log|eventbridge|firehose))*$", var.audit_sinks))
    error_message = "Takes any of log, eventbridge and firehose, separated by commas."
  }
}

variable "audit_format" {
  description = "Format of audit records, the program's JSON or OCSF 1.1"
  type        = string
  default     = "json"

  validation {
    condition     = contains(["json", "ocsf"], var.audit_format)
    error_message = "Takes json or ocsf."
  }
}

variable "audit_failure" {
  description = "Whether an attempt goes on (open) whose audit record a sink rejects"
  type        = string
  default     = "open"

  validation {
    condition     = contains(["open", "closed"], var.audit_failure)
    error_message = "Takes open or closed."
  }
}

# It is there already, as the stream below is: who reads audit records owns where they are kept.
variable "audit_event_bus" {
  description = "Name or ARN of the event bus for AuditSinks eventbridge"
  type        = string
  default     = "default"

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[/._A-Za-z0-9-]{1,256}$", var.audit_event_bus))
    error_message = "Takes the name or ARN of an event bus."
  }
}

variable "audit_firehose_stream" {
  description = "Name of the Firehose stream for AuditSinks firehose, in this account and region"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{0,64}$", var.audit_firehose_stream))
    error_message = "Takes the name of a Firehose stream."
  }
}

variable "audit_username" {
  description = "The form in which usernames are recorded"
  type        = string
  default     = "hmac"

  validation {
    condition     = contains(["hmac", "plain", "none"], var.audit_username)
    error_message = "Takes hmac, plain or none."
  }
}

# As for the secret above.
variable "audit_hmac_key" {
  description = "Key of the usernames' digests, 32 characters or more, or a reference; joins records"
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(|(secretsmanager|ssm):.+|.{32,})$", var.audit_hmac_key))
    error_message = "Takes 32 characters or more, or a reference."
  }

  validation {
    condition     = var.audit_hmac_key != "32-characters-or-more-of-your-own"
    error_message = "This is the placeholder of the examples; choose a key of your own, or refer to one."
  }
}

variable "completion_after" {
  description = "What becomes of the source user after the move; the same as in the source account"
  type        = string
  default     = "keep"

  validation {
    condition     = contains(["keep", "disable", "delete"], var.completion_after)
    error_message = "Takes keep, disable or delete."
  }
}

variable "completion_groups" {
  description = "Source groups that the destination user gets; the same as in the source account"
  type        = string
  default     = ""
}

variable "completion_create_groups" {
  description = "Create the groups that the destination lacks"
  type        = bool
  default     = false
}

variable "completion_hmac_key" {
  description = "Key that signs queued messages, 32 characters or more, or a reference; completion needs it"
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(|(secretsmanager|ssm):.+|.{32,})$", var.completion_hmac_key))
    error_message = "Takes 32 characters or more, or a reference."
  }
}

variable "completion_hmac_key_previous" {
  description = "The key before it, or a reference, while messages that it signed are in the queue"
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = can(regex("^(|(secretsmanager|ssm):.+|.{32,})$", var.completion_hmac_key_previous))
    error_message = "Takes 32 characters or more, or a reference."
  }
}

variable "completion_failure" {
  description = "What becomes of an attempt when the queue cannot be reached"
  type        = string
  default     = "migrate"

  validation {
    condition     = contains(["migrate", "fail"], var.completion_failure)
    error_message = "Takes migrate or fail."
  }
}

# For a source without a lockout of its own. Cognito as a source counts wrong passwords itself.
variable "make_lockout_table" {
  description = "Make a table that counts tries, against password guessing; needs AuditHmacKey"
  type        = bool
  default     = false
}

# --- permissions to read what the settings refer to, and nothing else.

variable "secret_arns" {
  description = "ARNs of the secrets that settings refer to"
  type        = list(string)
  default     = []
}

variable "secret_parameter_arns" {
  description = "ARNs of the Systems Manager parameters that settings refer to"
  type        = list(string)
  default     = []
}

variable "secret_key_arns" {
  description = "ARNs of the customer managed KMS keys that these are encrypted with"
  type        = list(string)
  default     = []
}

variable "source_client_secret_arn" {
  description = "ARN of what SourceClientSecret refers to; only the sign-in function may read it"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:[0-9]{12}:.+)$", var.source_client_secret_arn))
    error_message = "Takes nothing, or the ARN of a secret or of a parameter."
  }
}

# --- permissions for the sources of source_variables, and nothing else.

variable "source_role_arns" {
  description = "ARNs of roles that they name; completion may take on each with -completion after it"
  type        = list(string)
  default     = []
}

variable "source_pool_arns" {
  description = "ARNs of user pools of this account"
  type        = list(string)
  default     = []
}

variable "source_table_arns" {
  description = "ARNs of DynamoDB tables of this account, and of the indexes that are used"
  type        = list(string)
  default     = []
}

variable "source_function_arns" {
  description = "ARNs of Lambda functions"
  type        = list(string)
  default     = []
}

variable "source_database_arns" {
  description = "ARNs of RDS database users (rds-db) for SQL sources with AUTH=iam"
  type        = list(string)
  default     = []
}

# --- for sources that are reached only from a VPC.

variable "subnet_ids" {
  description = "IDs of the subnets of both functions; empty for no VPC"
  type        = list(string)
  default     = []
}

variable "security_group_ids" {
  description = "IDs of the security groups of both functions in SubnetIds"
  type        = list(string)
  default     = []
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms go to; empty for none"
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_topic_arn == "" || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "Takes the ARN of an SNS topic."
  }
}

variable "failure_alarm_threshold" {
  description = "Failures in five minutes that raise the alarm; one sign-in makes up to three"
  type        = number
  default     = 5

  validation {
    condition     = var.failure_alarm_threshold >= 1
    error_message = "Takes 1 or more."
  }
}

# What is normal differs by a thousand from pool to pool: read it off the dashboard after a day.
variable "refusal_alarm_threshold" {
  description = "Refusals in five minutes that raise the alarm"
  type        = number
  default     = 100

  validation {
    condition     = var.refusal_alarm_threshold >= 1
    error_message = "Takes 1 or more."
  }
}
