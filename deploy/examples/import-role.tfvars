destination_user_pool_id = "ap-northeast-1_GhIjKl456"
