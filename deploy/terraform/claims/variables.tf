# The parameters of cloudformation/claims.yaml, under the same names; a test compares them.

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
  description = "Name of the function"
  type        = string
  default     = "user-migration-claims"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.function_name))
    error_message = "Takes letters, digits, hyphens and underscores, at most 64."
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

variable "log_retention_days" {
  description = "Days that the log is kept"
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Takes the days that CloudWatch Logs knows, such as 30, 90 or 365."
  }
}

variable "claims_legacy_sub" {
  description = "Name of the claim that holds the old sub"
  type        = string
  default     = "legacy_sub"

  validation {
    condition     = can(regex("^[A-Za-z0-9:_.-]{1,64}$", var.claims_legacy_sub))
    error_message = "Takes a claim's name of at most 64 characters: letters, digits, and the signs :_.-"
  }
}

variable "claims_attribute" {
  description = "Custom attribute that the old sub was moved to; no app client may write it"
  type        = string
  default     = "custom:legacy_sub"

  validation {
    condition     = can(regex("^custom:.{1,20}$", var.claims_attribute))
    error_message = "Takes the name of a custom attribute, such as custom:legacy_sub."
  }
}
