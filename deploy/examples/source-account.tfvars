source_user_pool_id = "ap-northeast-1_AbCdEf123"
function_role_arn   = "arn:aws:iam::111111111111:role/user-migration-function"
source_external_id  = "choose-your-own"
