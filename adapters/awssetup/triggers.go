package awssetup

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// attachment is a function that is a trigger, and the version of its event. The
// version is empty if the trigger has only one.
type attachment struct{ function, version string }

// trigger is a trigger of user pools that can be set and removed.
type trigger interface {
	read(triggers *types.LambdaConfigType) attachment
	write(triggers *types.LambdaConfigType, to attachment)
	// version is the version of the event that a function gets in a pool of this
	// feature plan.
	version(plan types.UserPoolTierType, attached attachment, function string) string
	// expect writes the values that are expected after the change into the flat pool.
	// It removes optional values of AWS from both.
	expect(expected, after map[string]string, to attachment)
}

// userMigration is the user migration trigger.
type userMigration struct{}

func (userMigration) read(triggers *types.LambdaConfigType) attachment {
	return attachment{function: aws.ToString(triggers.UserMigration)}
}

func (userMigration) write(triggers *types.LambdaConfigType, to attachment) {
	triggers.UserMigration = optional(to.function)
}

func (userMigration) version(types.UserPoolTierType, attachment, string) string { return "" }

func (userMigration) expect(expected, _ map[string]string, to attachment) {
	set(expected, "LambdaConfig.UserMigration", to.function)
}

// preToken is the pre token generation trigger. Its old form has only the function;
// the new one also has the version of the event. If a pool has both, they name one
// function ("LambdaConfigType", Amazon Cognito API Reference).
type preToken struct{}

const (
	fieldClaims        = "LambdaConfig.PreTokenGeneration"
	fieldClaimsARN     = "LambdaConfig.PreTokenGenerationConfig.LambdaArn"
	fieldClaimsVersion = "LambdaConfig.PreTokenGenerationConfig.LambdaVersion"
)

func (preToken) read(triggers *types.LambdaConfigType) attachment {
	if config := triggers.PreTokenGenerationConfig; config != nil && aws.ToString(config.LambdaArn) != "" {
		return attachment{aws.ToString(config.LambdaArn), string(config.LambdaVersion)}
	}
	if function := aws.ToString(triggers.PreTokenGeneration); function != "" {
		return attachment{function, string(types.PreTokenGenerationLambdaVersionTypeV10)}
	}
	return attachment{}
}

func (preToken) write(triggers *types.LambdaConfigType, to attachment) {
	triggers.PreTokenGeneration, triggers.PreTokenGenerationConfig = nil, nil
	if to.function != "" {
		triggers.PreTokenGenerationConfig = &types.PreTokenGenerationVersionConfigType{
			LambdaArn: &to.function, LambdaVersion: types.PreTokenGenerationLambdaVersionType(to.version),
		}
	}
}

// version returns V2_0 if the plan allows changes of access tokens. V3_0 adds tokens
// that clients get for themselves, without a user. It stays if the function has it.
func (preToken) version(plan types.UserPoolTierType, attached attachment, function string) string {
	const newest = types.PreTokenGenerationLambdaVersionTypeV30
	switch {
	case plan == "" && attached.function == function: // AWS does not return the plan
		return attached.version
	case plan != types.UserPoolTierTypeEssentials && plan != types.UserPoolTierTypePlus:
		return string(types.PreTokenGenerationLambdaVersionTypeV10)
	case attached == (attachment{function, string(newest)}):
		return string(newest)
	default:
		return string(types.PreTokenGenerationLambdaVersionTypeV20)
	}
}

func (preToken) expect(expected, after map[string]string, to attachment) {
	set(expected, fieldClaimsARN, to.function)
	set(expected, fieldClaimsVersion, to.version)
	delete(expected, fieldClaims)
	if after[fieldClaims] == to.function { // AWS may return the old form too
		delete(after, fieldClaims)
	}
}

// set writes a value, or removes an empty one.
func set(pool map[string]string, path, value string) {
	delete(pool, path)
	if value != "" {
		pool[path] = value
	}
}
