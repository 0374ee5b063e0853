# A user pool of the same account. For one in another account, see ../../source-account and
# deploy/examples/destination-account.tfvars.

terraform {
  required_version = ">= 1.5"
}

provider "aws" {
  region = "ap-northeast-1" # of the destination user pool
}

module "user_migration" {
  # In your own repository: "git::https://HOST/PATH.git//deploy/terraform/destination-account?ref=VERSION".
  source = "../../destination-account"

  image_uri                = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"
  destination_user_pool_id = "ap-northeast-1_GhIjKl456"
  audit_hmac_key           = "ssm:/user-migration/audit-hmac-key"

  # The user pool that users are migrated from. Without source_client_id, an app client is made.
  source_user_pool_id = "ap-northeast-1_AbCdEf123"

  # Exactly what the variables refer to.
  secret_parameter_arns = ["arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key"]
}

output "next_step" {
  value = module.user_migration.next_step
}
