# A database in a VPC, with a hash for each user.

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

  # docs/sources/sql.md. The URL has the database's password, so it is a secret.
  source_variables = {
    SOURCE_KIND      = "sql"
    SOURCE_DRIVER    = "postgres"
    SOURCE_URL       = "secretsmanager:user-migration/database#url"
    SOURCE_CA_BUNDLE = "ssm:/user-migration/ca-bundle"
    SOURCE_QUERY     = "WITH typed AS (SELECT lower(:username) AS name) SELECT username, password_hash, email, email_verified FROM users, typed WHERE lower(username) = name OR lower(email) = name"
  }

  # Private subnets from which the source is reached, and the endpoints of the AWS services.
  subnet_ids = [
    "subnet-0123456789abcdef0",
    "subnet-0123456789abcdef1",
  ]

  # A security group that may connect to the source, on its port, and to the endpoints, on 443.
  security_group_ids = ["sg-0123456789abcdef0"]

  # The source has no lockout of its own.
  make_lockout_table = true

  # Exactly what the variables refer to.
  secret_arns = ["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:user-migration/database-AbCdEf"]
  secret_parameter_arns = [
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key",
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/ca-bundle",
  ]
}

output "next_step" {
  value = module.user_migration.next_step
}
