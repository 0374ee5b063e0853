package parameters

import (
	"fmt"
	"path"
	"strings"
)

// steps lists the commands that follow, with CloudFormation and with Terraform.
func steps(request Request, plan Plan) (cloudFormation, terraform []Step) {
	to, from := arnOf(request.Destination), arnOf(request.Source)
	before := []Step{
		{"Make the key that digests usernames in audit records", []string{fmt.Sprintf(
			`aws ssm put-parameter%s --type SecureString --name %s --value "$(openssl rand -hex 32)"`, account(request.DestinationProfile, to), auditKey)}},
		{"Build the image and push it", []string{
			fmt.Sprintf("make image PLATFORM=linux/arm64 IMAGE=%s", imageOf(to)),
			fmt.Sprintf("%sdeploy/push-image.sh --create --yes %s", as(request.DestinationProfile), imageOf(to)),
		}},
	}
	after := []Step{
		{"Attach the trigger", []string{fmt.Sprintf("%sbin/migratectl attach --destination-pool %s --function %s --yes", as(request.DestinationProfile), request.Destination.ID, functionName)}},
		{"Check the whole chain", []string{fmt.Sprintf("%sbin/migratectl doctor --destination-pool %s --function %s%s", as(request.DestinationProfile), request.Destination.ID, functionName, sourceProfile(request.SourceProfile))}},
	}
	cloudFormation, terraform = deployment(request, plan, from, to)
	return append(append(before, cloudFormation...), after...), terraform
}

// deployment lists the steps that the two languages do differently.
func deployment(request Request, plan Plan, from, to arn) (cloudFormation, terraform []Step) {
	template := func(set string) string {
		if set == setOneAccount { // the destination's template, without a role
			return setDestination
		}
		return set
	}
	stack := func(set, name, profile string, in arn) string {
		return fmt.Sprintf("aws cloudformation deploy%s --stack-name %s --template-file deploy/cloudformation/%s.yaml --capabilities CAPABILITY_NAMED_IAM --parameter-overrides file://%s",
			account(profile, in), name, template(set), quoted(path.Join(request.Folder, set+".json")))
	}
	apply := func(set, profile string, in arn) []string {
		folder := "terraform -chdir=deploy/terraform/" + template(set)
		return []string{
			folder + " init",
			fmt.Sprintf("%sAWS_REGION=%s %s apply -var-file=%s", as(profile), in.region, folder, absolute(path.Join(request.Folder, set+".tfvars"))),
		}
	}
	fill := func(language, value, set string) string {
		return fmt.Sprintf(`sed -i.bak "s/%s/$(%s)/" %s`, fromSourceStack, value, quoted(path.Join(request.Folder, set+language)))
	}
	if plan.OneAccount && from.region != to.region && sourceClient(request.Source.Clients) == "" {
		create := fmt.Sprintf("aws cognito-idp create-user-pool-client%s --user-pool-id %s --client-name %s --explicit-auth-flows ALLOW_ADMIN_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH --prevent-user-existence-errors LEGACY --query UserPoolClient.ClientId --output text",
			account(request.DestinationProfile, from), request.Source.ID, functionName)
		return []Step{{"Make the app client of the source and deploy", []string{fill(".json", create, setOneAccount), stack(setOneAccount, functionName, request.DestinationProfile, to)}}},
			[]Step{{"Make the app client of the source and deploy with Terraform", append([]string{fill(".tfvars", create, setOneAccount)}, apply(setOneAccount, request.DestinationProfile, to)...)}}
	}
	if plan.OneAccount {
		return []Step{{"Deploy", []string{stack(setOneAccount, functionName, request.DestinationProfile, to)}}},
			[]Step{{"Deploy with Terraform", apply(setOneAccount, request.DestinationProfile, to)}}
	}
	const sourceStack = "user-migration-source"
	return []Step{
			{"Deploy the source", []string{
				stack(setSource, sourceStack, request.SourceProfile, from),
				fill(".json", fmt.Sprintf("aws cloudformation describe-stacks%s --stack-name %s --query 'Stacks[0].Outputs[?OutputKey==`SourceClientId`].OutputValue' --output text", account(request.SourceProfile, from), sourceStack), setDestination),
			}},
			{"Deploy the destination", []string{stack(setDestination, functionName, request.DestinationProfile, to)}},
		}, []Step{
			{"Deploy the source with Terraform", append(apply(setSource, request.SourceProfile, from),
				fill(".tfvars", as(request.SourceProfile)+"terraform -chdir=deploy/terraform/"+setSource+" output -raw source_client_id", setDestination))},
			{"Deploy the destination with Terraform", apply(setDestination, request.DestinationProfile, to)},
		}
}

// account are the flags of the AWS CLI for an account and region.
func account(profile string, in arn) string {
	if profile == "" {
		return " --region " + in.region
	}
	return " --profile " + quoted(profile) + " --region " + in.region
}

// as makes a command use a profile.
func as(profile string) string {
	if profile == "" {
		return ""
	}
	return "AWS_PROFILE=" + quoted(profile) + " "
}

func sourceProfile(profile string) string {
	if profile == "" {
		return ""
	}
	return " --source-aws-profile " + quoted(profile)
}

// absolute makes a path one that does not depend on -chdir.
func absolute(file string) string {
	if path.IsAbs(file) {
		return quoted(file)
	}
	return `"$PWD"/` + quoted(file)
}

// quoted is a text as one word of a shell.
func quoted(text string) string {
	plain := func(sign rune) bool {
		return sign >= 'a' && sign <= 'z' || sign >= 'A' && sign <= 'Z' || sign >= '0' && sign <= '9' || strings.ContainsRune("_./-@:+", sign)
	}
	if text != "" && strings.IndexFunc(text, func(sign rune) bool { return !plain(sign) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
