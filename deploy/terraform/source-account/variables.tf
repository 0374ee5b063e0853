# The parameters of cloudformation/source-account.yaml, under the same names; a test compares them.

variable "source_user_pool_id" {
  description = "ID of the user pool that the users leave, such as ap-northeast-1_AbCdEf123"
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]+$", var.source_user_pool_id))
    error_message = "Takes a user pool ID, such as ap-northeast-1_AbCdEf123."
  }
}

variable "function_role_arn" {
  description = "ARN of the function's execution role in the destination account; it need not exist yet"
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$", var.function_role_arn))
    error_message = "Takes a role's ARN, such as arn:aws:iam::111111111111:role/user-migration-function."
  }
}

variable "source_external_id" {
  description = "External ID that the function must give to take on the role; the same as in the destination account"
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.source_external_id)) && length(var.source_external_id) >= 2 && length(var.source_external_id) <= 1224
    error_message = "Takes 2 to 1224 letters, digits and the signs _+=,.@:/-."
  }

  validation {
    condition     = var.source_external_id != "choose-your-own"
    error_message = "This is the placeholder of the examples; choose a value of your own."
  }
}

variable "completion_after" {
  description = "What becomes of the source user once the destination user can sign in; the same as in the destination account"
  type        = string
  default     = "keep"

  validation {
    condition     = contains(["keep", "disable", "delete"], var.completion_after)
    error_message = "Takes keep, disable or delete."
  }
}

variable "completion_groups" {
  description = "Groups of the source that the destination user gets; the same as in the destination account"
  type        = string
  default     = ""
}

variable "migrate_on_mfa" {
  description = "What becomes of a user with a second factor; the same as in the destination account"
  type        = string
  default     = "refuse"

  validation {
    condition     = contains(["refuse", "carry", "enroll", "migrate"], var.migrate_on_mfa)
    error_message = "Takes refuse, carry, enroll or migrate."
  }
}

variable "role_name" {
  description = "Name of the role; the one for completion has -completion after it"
  type        = string
  default     = "user-migration"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,53}$", var.role_name))
    error_message = "Takes letters, digits and the signs _+=,.@-, at most 53."
  }
}

variable "client_name" {
  description = "Name of the app client"
  type        = string
  default     = "user-migration"
}

variable "generate_client_secret" {
  description = "Whether the app client has a secret, which the function must then be given"
  type        = bool
  default     = false
}
