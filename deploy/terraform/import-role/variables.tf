variable "destination_user_pool_id" {
  description = "ID of the user pool that the users are imported into, such as ap-northeast-1_GhIjKl456"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]_[0-9A-Za-z]+$", var.destination_user_pool_id))
    error_message = "Expected the ID of a user pool, such as ap-northeast-1_GhIjKl456."
  }
}

variable "role_name" {
  description = "Name of the role; the policy of the operator has -operator after it"
  type        = string
  nullable    = false
  default     = "user-migration-import"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,55}$", var.role_name))
    error_message = "Takes 1 to 55 letters, digits and _+=,.@-."
  }
}
