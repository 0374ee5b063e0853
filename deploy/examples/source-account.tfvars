# The user pool that users are migrated from.
source_user_pool_id = "ap-northeast-1_AbCdEf123"

# The execution role of the function in the destination account. It need not exist yet.
function_role_arn = "arn:aws:iam::111111111111:role/user-migration-function"

# A value of your own, the same in both accounts. The placeholder is rejected.
source_external_id = "choose-your-own"
