# The image that deploy/push-image.sh puts into ECR.
image_uri = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"

# The user pool whose tokens get the claim.
destination_user_pool_id = "ap-northeast-1_GhIjKl456"
