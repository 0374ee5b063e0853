image_uri                = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"
destination_user_pool_id = "ap-northeast-1_GhIjKl456"
