# Two sources: a user pool of the same account, and then Active Directory, in a VPC.

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

  # The first source has the name SOURCE, and parameters of its own.
  source_user_pool_id = "ap-northeast-1_AbCdEf123"

  # docs/sources/README.md, several sources.
  source_variables = {
    MIGRATE_SOURCES    = "SOURCE,CORP"
    CORP_KIND          = "ldap"
    CORP_MATCH         = "*@corp.example"
    CORP_URL           = "ldaps://dc.corp.example"
    CORP_PRESET        = "active_directory"
    CORP_BASE_DN       = "DC=corp,DC=example"
    CORP_BIND_DN       = "user-migration@corp.example"
    CORP_BIND_PASSWORD = "ssm:/user-migration/bind-password"
    CORP_CA_BUNDLE     = "ssm:/user-migration/ca-bundle"
  }

  # Private subnets from which the source is reached, and the endpoints of the AWS services.
  subnet_ids = [
    "subnet-0123456789abcdef0",
    "subnet-0123456789abcdef1",
  ]

  # A security group that may connect to the source, on its port, and to the endpoints, on 443.
  security_group_ids = ["sg-0123456789abcdef0"]

  # Exactly what the variables refer to.
  secret_parameter_arns = [
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key",
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/bind-password",
    "arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/ca-bundle",
  ]
}

output "next_step" {
  value = module.user_migration.next_step
}
