# A service of your own, or Keycloak, FusionAuth, Kratos or Okta, that is reached over the internet.

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

  # docs/sources/http.md. The token is the key `token` of the secret's JSON.
  source_variables = {
    SOURCE_KIND         = "http"
    SOURCE_URL          = "https://login.example.com/users"
    SOURCE_BEARER_TOKEN = "secretsmanager:user-migration/service#token"
  }

  # The source has no lockout of its own.
  make_lockout_table = true

  # Exactly what the variables refer to.
  secret_arns           = ["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:user-migration/service-AbCdEf"]
  secret_parameter_arns = ["arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key"]
}

output "next_step" {
  value = module.user_migration.next_step
}
