# Another Lambda function of the same account: an existing user migration function, or one of your
# own.

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

  # docs/sources/lambda.md.
  source_variables = {
    SOURCE_KIND     = "lambda"
    SOURCE_FUNCTION = "old-user-migration"
    SOURCE_CONTRACT = "trigger"
  }

  # The function, with its alias or version where SOURCE_QUALIFIER names one.
  source_function_arns = ["arn:aws:lambda:ap-northeast-1:111111111111:function:old-user-migration"]

  # The source has no lockout of its own.
  make_lockout_table = true

  # Exactly what the variables refer to.
  secret_parameter_arns = ["arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key"]
}

output "next_step" {
  value = module.user_migration.next_step
}
