# Firebase Authentication, that is reached over the internet.

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

  # docs/sources/firebase.md.
  source_variables = {
    SOURCE_KIND            = "firebase"
    SOURCE_API_KEY         = "ssm:/user-migration/firebase-api-key"
    SOURCE_SERVICE_ACCOUNT = "secretsmanager:user-migration/firebase"
  }

  # Exactly what the variables refer to.
  secret_arns = ["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:user-migration/firebase-AbCdEf"]
  secret_parameter_arns = [
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key",
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/firebase-api-key",
  ]
}

output "next_step" {
  value = module.user_migration.next_step
}
