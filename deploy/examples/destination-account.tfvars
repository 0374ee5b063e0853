# The image that deploy/push-image.sh puts into ECR.
image_uri = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"

# The user pool that users are migrated to.
destination_user_pool_id = "ap-northeast-1_GhIjKl456"

# The user pool that users are migrated from.
source_user_pool_id = "ap-northeast-1_AbCdEf123"

# The app client of that pool: the output source_client_id of the source account.
source_client_id = "1example23456789"

# The role that the function assumes: the output source_role_arn of the source account.
source_role_arn = "arn:aws:iam::222222222222:role/user-migration"

# The external ID of the role, the same as in the source account. The placeholder is rejected.
source_external_id = "choose-your-own"

# The key that digests usernames in audit records, or better a reference. The placeholder is rejected.
audit_hmac_key = "32-characters-or-more-of-your-own"
