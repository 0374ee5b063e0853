# The image that deploy/push-image.sh puts into ECR.
image_uri = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"

# The user pool that users are migrated to.
destination_user_pool_id = "ap-northeast-1_GhIjKl456"

# The user pool that users are migrated from. Without source_client_id, an app client of it is made.
source_user_pool_id = "ap-northeast-1_AbCdEf123"

# A reference to the key that digests usernames in audit records. The README makes the key.
audit_hmac_key = "ssm:/user-migration/audit-hmac-key"

# What the function may read of Systems Manager: the key.
secret_parameter_arns = ["arn:aws:ssm:ap-northeast-1:111111111111:parameter/user-migration/audit-hmac-key"]
