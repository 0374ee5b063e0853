# The user pool that the users are imported into.
destination_user_pool_id = "ap-northeast-1_GhIjKl456"
