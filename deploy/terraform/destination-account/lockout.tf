# The table that counts tries: made only where make_lockout_table asks for it.

locals {
  lockout_name  = "${var.function_name}-lockout"
  lockout_table = var.make_lockout_table ? aws_dynamodb_table.lockout_table[0].name : ""
}

# What is counted of a name is forgotten after a quarter of an hour, so nothing is kept when the table
# goes, and no backup is made. It is encrypted at rest, as every table is, by a key of DynamoDB's own:
# one of KMS would be one more thing that a sign-in waits for, and the names in it are digests.
resource "aws_dynamodb_table" "lockout_table" {
  count = var.make_lockout_table ? 1 : 0

  name         = local.lockout_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "nameDigest"

  attribute {
    name = "nameDigest"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }
}
