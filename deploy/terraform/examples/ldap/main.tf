# Active Directory, in a VPC or reached through one.

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

  # docs/sources/ldap.md. The certificate of the directory's own authority is a parameter too.
  source_variables = {
    SOURCE_KIND          = "ldap"
    SOURCE_URL           = "ldaps://dc.corp.example"
    SOURCE_PRESET        = "active_directory"
    SOURCE_BASE_DN       = "DC=corp,DC=example"
    SOURCE_BIND_DN       = "user-migration@corp.example"
    SOURCE_BIND_PASSWORD = "ssm:/user-migration/bind-password"
    SOURCE_CA_BUNDLE     = "ssm:/user-migration/ca-bundle"
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
